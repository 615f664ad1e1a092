package harness

import (
	"net/url"
	"os"
	"regexp"
	"testing"
	"time"
)

const (
	// Key admits a camera to a hub that was started with ByKey.
	Key = "integration-enrolment-key"

	password = "correct horse battery"
)

// Enrolment says who may join a hub.
type Enrolment []string

// The hub's modes of enrolment.
var (
	ByKey      = Enrolment{"NESTBOX_ENROLMENT=key", "NESTBOX_ENROLMENT_KEY=" + Key}
	ByApproval = Enrolment{"NESTBOX_ENROLMENT=approve"}
)

var (
	addressLine = regexp.MustCompile(`Cameras and operators\s+(http://\S+)`)
	readyLine   = regexp.MustCompile(`^  Data  `) // the banner's last
)

// Hub is a nestbox and its operator. It keeps its address and data when it is killed and started again.
type Hub struct {
	Operator
	said    Transcript
	dir     string
	listen  string
	env     Enrolment
	process *process
}

// StartHub starts a hub on a port of its own, without mDNS, and logs in.
func StartHub(t *testing.T, enrolment Enrolment) *Hub {
	t.Helper()
	h := &Hub{dir: t.TempDir(), listen: "127.0.0.1:0", env: enrolment}
	h.t = t
	h.Start()
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	h.listen = u.Host
	h.login(password)
	t.Cleanup(func() {
		h.process.kill()
		if t.Failed() {
			t.Logf("what nestbox said:\n%s", &h.said)
		}
	})
	return h
}

// Start starts a hub that was killed, and waits until it is ready.
func (h *Hub) Start() {
	h.t.Helper()
	program, err := Nestbox()
	if err != nil {
		h.t.Fatal(err)
	}
	env := append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "NESTBOX_DATA=" + h.dir, "NESTBOX_MDNS=false",
		"NESTBOX_LISTEN=" + h.listen, "NESTBOX_OPS_LISTEN=off", "NESTBOX_ADMIN_PASSWORD=" + password,
	}, h.env...)
	from := h.said.Len()
	h.process = start(h.t, &h.said, env, program, "serve")
	h.URL = h.said.Await(h.t, from, 1, addressLine, 30*time.Second)[1]
	h.said.Await(h.t, from, 1, readyLine, 5*time.Second)
}

// Kill ends the hub as a power cut does.
func (h *Hub) Kill() { h.process.kill() }
