package main

import (
	"bytes"
	"net"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

// nestbox runs the program in this process, with an empty data folder of its own.
func nestbox(t *testing.T, environ map[string]string, args ...string) (code int, out, errs string) {
	t.Helper()
	home := t.TempDir()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, func(key string) string {
		if key == "HOME" {
			return home
		}
		return environ[key]
	}, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestEveryCommandExplainsItself(t *testing.T) {
	t.Parallel()
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if len(c.Long) < 80 || c.Short == "" {
			t.Errorf("%s: its help says too little", c.CommandPath())
		}
		if c.Runnable() && !c.HasSubCommands() && c.Name() != "version" && !strings.Contains(c.Example, "nestbox") {
			t.Errorf("%s: its help has no example", c.CommandPath())
		}
		for line := range strings.Lines(c.Long) {
			if len([]rune(line)) > 101 {
				t.Errorf("%s: a line of its help is too long: %s", c.CommandPath(), line)
			}
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&program{}).root())
	code, out, _ := nestbox(t, nil, "serve", "--help")
	if code != exitDone || !strings.Contains(out, "[$NESTBOX_LISTEN]") || !strings.Contains(out, "--enrolment-key") {
		t.Errorf("serve --help: exit code %d\n%s", code, out)
	}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		env  map[string]string
		code int
		says string
	}{
		{[]string{"version"}, nil, exitDone, ""},
		{[]string{}, nil, exitDone, ""},
		{[]string{"devices"}, nil, exitDone, ""},
		{[]string{"dance"}, nil, exitUsage, "dance"},
		{[]string{"serve", "--loud"}, nil, exitUsage, "see `nestbox serve --help`"},
		{[]string{"backup"}, nil, exitUsage, "see `nestbox backup --help`"},
		{[]string{"devices", "dance"}, nil, exitUsage, "dance"},
		{[]string{"devices", "ls", "--status", "lost"}, nil, exitUsage, "--status must be"},
		{[]string{"serve", "--listen", "x"}, map[string]string{"NESTBOX_ENROLMENT": "all"}, exitUsage, "NESTBOX_ENROLMENT must be"},
		{[]string{"devices", "ls"}, nil, exitFail, "does not exist"},
		{[]string{"backup", "/tmp/x.tar"}, nil, exitFail, "does not exist"},
		{[]string{"restore", "/nowhere.tar"}, nil, exitFail, "/nowhere.tar"},
		{[]string{"doctor"}, nil, exitFail, ""},
		{[]string{"advertise", "--address", "127.0.0.1"}, nil, exitUsage, "give one that cameras reach it at"},
		{[]string{"advertise", "--address", "http://pi:5000"}, nil, exitUsage, "without port"},
		{[]string{"advertise", "--port", "0"}, map[string]string{"NESTBOX_ADVERTISE_ID": "a.b"}, exitUsage, "NESTBOX_ADVERTISE_ID must"},
		{[]string{"advertise"}, map[string]string{"NESTBOX_ADVERTISE_PORT": "tcp://10.43.0.7:5000"}, exitUsage, "NESTBOX_ADVERTISE_PORT must"},
		{[]string{"ready"}, map[string]string{"NESTBOX_OPS_LISTEN": "off"}, exitUsage, "NESTBOX_OPS_LISTEN is off"},
	} {
		code, _, errs := nestbox(t, tt.env, tt.args...)
		if code != tt.code || !strings.Contains(errs, tt.says) {
			t.Errorf("nestbox %s: exit code %d, want %d; said %q, want %q", strings.Join(tt.args, " "), code, tt.code, errs, tt.says)
		}
	}
}

func TestReadyNeedsNoOtherSetting(t *testing.T) {
	t.Parallel()
	health := httpx.NewHealth()
	server := httptest.NewServer(httpx.OpsHandler(health, nil))
	defer server.Close()
	address := server.Listener.Addr().String()
	environ := map[string]string{"NESTBOX_OPS_LISTEN": address, "NESTBOX_ENROLMENT": "all", "NESTBOX_ADMIN_PASSWORD_FILE": "/nowhere"}
	if code, out, errs := nestbox(t, environ, "ready"); code != exitDone || out+errs != "" {
		t.Errorf("exit code %d, said %q %q", code, out, errs)
	}
	health.Drain()
	if code, _, errs := nestbox(t, nil, "ready", "--ops-listen", address); code != exitFail || errs != "nestbox: draining\n" {
		t.Errorf("while it stops: exit code %d, said %q", code, errs)
	}
}

func TestListPutsThoseFirstThatWaitAndDisarmsWhatTheySay(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{stdout: &out}
	at := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	again := device{ID: "C", Status: "approved", LastRegisteredAt: &at}
	again.Reenrolment = &struct {
		Address string `json:"ip_address"`
	}{"10.0.0.1"}
	if err := p.printDevices([]device{
		{ID: "A", Status: "approved", Name: "Garden", LastRegisteredAt: &at},
		{ID: "B", Status: "pending", Type: "esp32\x1b[2Jcam"},
		again,
	}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 5 || !strings.HasPrefix(lines[1], "B") || !strings.Contains(lines[2], "wants in again") || !strings.HasPrefix(lines[3], "A") {
		t.Errorf("listed\n%s", out.String())
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("a device steers the terminal")
	}
}

func TestBanner(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := &program{stdout: &out}
	folder := datadir.Path(filepath.Join(t.TempDir(), "data"))
	p.announce(folder, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 5000}, nil, "")
	if s := out.String(); strings.Contains(s, "Password") || strings.Contains(s, "Health") || !strings.Contains(s, "http://127.0.0.1:5000\n") {
		t.Errorf("a later start says\n%s", s)
	}
	out.Reset()
	p.announce(folder, &net.TCPAddr{IP: net.IPv6unspecified, Port: 5000}, &net.TCPAddr{IP: net.IPv6loopback, Port: 5001}, "abcde")
	if s := out.String(); !strings.Contains(s, "Password    abcde") || strings.Contains(s, "[::]") || !strings.Contains(s, "http://[::1]:5001\n") {
		t.Errorf("the first start says\n%s", s)
	}
}
