package harness

import (
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"syscall"
	"testing"
)

type virtual struct {
	id      string
	program string
	args    []string
	env     []string
	said    Transcript
	process *process
}

// Virtual makes the camera that is a process: firmware/app/virtual.
func Virtual(t *testing.T, m Model) Camera {
	t.Helper()
	program, err := VirtualCamera()
	if err != nil {
		t.Fatal(err)
	}
	var tail [3]byte
	_, _ = rand.Read(tail[:]) // never fails
	c := &virtual{id: fmt.Sprintf("24:6F:28:%02X:%02X:%02X", tail[0], tail[1], tail[2]), program: program}
	c.args = []string{"--hub", m.Hub, "--id", c.id, "--state", t.TempDir(), "--scene", m.Scene}
	if m.MotionEvery > 0 {
		c.args = append(c.args, "--motion-every", strconv.Itoa(m.MotionEvery))
	}
	c.env = []string{"PATH=" + os.Getenv("PATH")}
	if m.Key != "" {
		c.env = append(c.env, "NESTBOX_ENROLMENT_KEY="+m.Key)
	}
	t.Cleanup(func() {
		if c.process != nil {
			c.process.kill()
		}
		if t.Failed() {
			t.Logf("what camera %s said:\n%s", c.id, &c.said)
		}
	})
	return c
}

func (c *virtual) ID() string        { return c.id }
func (c *virtual) Said() *Transcript { return &c.said }
func (c *virtual) Runs() bool        { return c.process != nil && c.process.runs() }

func (c *virtual) Start(t *testing.T) {
	t.Helper()
	c.process = start(t, &c.said, c.env, c.program, c.args...)
}

func (c *virtual) Cut() { c.process.kill() }

func (c *virtual) TurnSwitch(t *testing.T) {
	t.Helper()
	c.process.signal(t, syscall.SIGUSR1)
}

// Stop asks the process to end, which it must do well.
func (c *virtual) Stop(t *testing.T) {
	t.Helper()
	c.process.stop(t)
}
