package emulated

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	password = "correct horse battery"
	key      = "lab-enrolment-key"
)

var buildHub = sync.OnceValues(func() (string, error) {
	path := filepath.Join(root(), "build", "nestbox-integration")
	cmd := exec.Command("go", "build", "-o", path, "./services/hub/cmd/nestbox")
	cmd.Dir = root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nestbox: %w\n%s", err, out)
	}
	return path, nil
})

// hub is a nestbox that admits by key, and its operator.
type hub struct {
	t     *testing.T
	url   string
	token string
}

func startHub(t *testing.T) *hub {
	t.Helper()
	program, err := buildHub()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(program, "serve")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NESTBOX_DATA=" + dir, "NESTBOX_MDNS=false",
		"NESTBOX_LISTEN=127.0.0.1:0", "NESTBOX_OPS_LISTEN=off", "NESTBOX_ADMIN_PASSWORD=" + password,
		"NESTBOX_ENROLMENT=key", "NESTBOX_ENROLMENT_KEY=" + key,
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	said := &Transcript{}
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("what nestbox said:\n%s", said)
		}
	})
	h := &hub{t: t, url: await(t, said, regexp.MustCompile(`Cameras and operators\s+(http://\S+)`), 30*time.Second)}
	h.login()
	return h
}

// await waits for a line that matches and gives its last group.
func await(t *testing.T, said *Transcript, pattern *regexp.Regexp, patience time.Duration) string {
	t.Helper()
	deadline := time.After(patience)
	for from := 0; ; {
		lines, grown := said.Lines(from)
		for _, line := range lines {
			if m := pattern.FindStringSubmatch(line); m != nil {
				return m[len(m)-1]
			}
		}
		from += len(lines)
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("no line matched %v in:\n%s", pattern, said)
		}
	}
}

func (h *hub) login() {
	h.t.Helper()
	res, err := http.Post(h.url+"/api/login", "application/json", strings.NewReader(`{"password":"`+password+`"}`))
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	cookie, err := http.ParseSetCookie(res.Header.Get("Set-Cookie"))
	if err != nil {
		h.t.Fatal(err)
	}
	var made struct{ Token string }
	h.send(http.MethodPost, "/api/tokens", map[string]any{"name": "integration"}, &made, "Cookie", cookie.Name+"="+cookie.Value)
	h.token = made.Token
}

// do sends a request that must succeed and decodes its answer into out, which may be nil.
func (h *hub) do(method, path string, in, out any) {
	h.t.Helper()
	h.send(method, path, in, out, "Authorization", "Bearer "+h.token)
}

func (h *hub) send(method, path string, in, out any, header, value string) {
	h.t.Helper()
	var body io.Reader
	if in != nil {
		data, err := json.Marshal(in)
		if err != nil {
			h.t.Fatal(err)
		}
		body = bytes.NewReader(data)
	}
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.url+path, body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set(header, value)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if res.StatusCode/100 != 2 {
		h.t.Fatalf("%s %s: %s: %s", method, path, res.Status, data)
	}
	if out != nil {
		if err := json.Unmarshal(data, out); err != nil {
			h.t.Fatalf("%s %s: %v in %s", method, path, err, data)
		}
	}
}

type event struct {
	EventID     string `json:"event_id"`
	BootID      string `json:"boot_id"`
	MonotonicMS int64  `json:"monotonic_ms"`
}

// motions gives all motion events of a device.
func (h *hub) motions(id string) []event {
	h.t.Helper()
	var all []event
	for cursor := ""; ; {
		var page struct {
			Events     []event `json:"events"`
			NextCursor *string `json:"next_cursor"`
		}
		h.do(http.MethodGet, "/api/events?kind=motion&limit=500&device_id="+url.QueryEscape(id)+cursor, nil, &page)
		all = append(all, page.Events...)
		if page.NextCursor == nil {
			return all
		}
		cursor = "&cursor=" + url.QueryEscape(*page.NextCursor)
	}
}

type device struct {
	DeviceID    string          `json:"device_id"`
	Status      string          `json:"status"`
	Reenrolment json.RawMessage `json:"reenrolment"`
	Privacy     struct {
		Locked                 bool   `json:"locked"`
		Generation             uint32 `json:"generation"`
		AcknowledgedGeneration uint32 `json:"acknowledged_generation"`
	} `json:"privacy"`
}

func (h *hub) devices() []device {
	h.t.Helper()
	var list struct {
		Devices []device `json:"devices"`
	}
	h.do(http.MethodGet, "/api/devices", nil, &list)
	return list.Devices
}

// address is the hub's port as a camera finds it.
func (h *hub) address() string {
	u, err := url.Parse(h.url)
	if err != nil {
		h.t.Fatal(err)
	}
	return net.JoinHostPort(HostAddress, u.Port())
}

// until asks again and again, for as long as patience, until it is true.
func until(t *testing.T, what string, patience time.Duration, isTrue func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !isTrue(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
