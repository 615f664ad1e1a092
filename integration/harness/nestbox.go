package harness

import (
	"net/url"
	"os"
	"regexp"
	"testing"
	"time"
)

const (
	nestboxKey      = "integration-enrolment-key"
	nestboxPassword = "correct horse battery"
)

var (
	addressLine = regexp.MustCompile(`Cameras and operators\s+(http://\S+)`)
	readyLine   = regexp.MustCompile(`^  Data  `) // the banner's last
)

// nestbox is a hub that is one process.
type nestbox struct {
	said    Transcript
	dir     string
	listen  string
	env     []string
	process *process
}

// StartHub starts a nestbox on a port of its own, without mDNS, and logs in.
func StartHub(t *testing.T, enrolment Enrolment) *Hub {
	t.Helper()
	n := &nestbox{dir: t.TempDir(), listen: "127.0.0.1:0", env: []string{"NESTBOX_ENROLMENT=" + string(enrolment)}}
	h := &Hub{Key: nestboxKey}
	if enrolment == ByKey {
		n.env = append(n.env, "NESTBOX_ENROLMENT_KEY="+h.Key)
	}
	h.t = t
	h.start = func() { n.start(t, h) }
	h.kill = func() { n.process.kill() }
	h.Start()
	h.login(nestboxPassword)
	t.Cleanup(func() {
		n.process.kill()
		if t.Failed() {
			t.Logf("what nestbox said:\n%s", &n.said)
		}
	})
	return h
}

func (n *nestbox) start(t *testing.T, h *Hub) {
	t.Helper()
	program, err := Nestbox()
	if err != nil {
		t.Fatal(err)
	}
	env := append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + n.dir, "NESTBOX_DATA=" + n.dir, "NESTBOX_MDNS=false",
		"NESTBOX_LISTEN=" + n.listen, "NESTBOX_OPS_LISTEN=off", "NESTBOX_ADMIN_PASSWORD=" + nestboxPassword,
	}, n.env...)
	from := n.said.Len()
	n.process = start(t, &n.said, env, program, "serve")
	h.URL = n.said.Await(t, from, 1, addressLine, 30*time.Second)[1]
	h.CameraURL = h.URL
	n.said.Await(t, from, 1, readyLine, 5*time.Second)
	u, err := url.Parse(h.URL)
	if err != nil {
		t.Fatal(err)
	}
	n.listen = u.Host // also after a restart
}
