package harness

import (
	"crypto/rand"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostOfEmulated is where QEMU's user network has the machine that it runs on.
const hostOfEmulated = "10.0.2.2"

// Keys that the emulated camera takes at its console.
const (
	keyMotion = 'm'
	keySwitch = 's'
	keyMemory = 'i'
)

// sensorSlack is added to the sensor's pace, which is the test's and not the camera's: its limit of one motion in 5 s is exact.
const sensorSlack = 100 * time.Millisecond

// EmulatedCamera is a Camera on bare metal in QEMU: firmware/port/qemu. Its memory is a flash image.
type EmulatedCamera struct {
	// Wire is a file that takes what goes over its network, as pcap has it; empty: none. It begins anew with each life.
	Wire string

	id      string
	image   string
	mkflash string
	motion  time.Duration
	said    Transcript
	process *process
	keys    io.Writer
}

// Emulated makes an EmulatedCamera.
func Emulated(t *testing.T, m Model) Camera { return NewEmulated(t, m) }

// NewEmulated is Emulated for tests that look into the flash.
func NewEmulated(t *testing.T, m Model) *EmulatedCamera {
	t.Helper()
	dir, err := Firmware()
	if err != nil {
		t.Fatal(err)
	}
	scenes, err := Scenes()
	if err != nil {
		t.Fatal(err)
	}
	hub, err := url.Parse(m.Hub)
	if err != nil {
		t.Fatal(err)
	}
	var tail [3]byte
	_, _ = rand.Read(tail[:]) // never fails
	c := &EmulatedCamera{
		id:      fmt.Sprintf("24:6F:28:%02X:%02X:%02X", tail[0], tail[1], tail[2]),
		image:   filepath.Join(t.TempDir(), "flash.img"),
		mkflash: filepath.Join(dir, "mkflash"),
		motion:  time.Duration(m.MotionEvery)*time.Second + sensorSlack,
	}
	args := []string{
		"--firmware", filepath.Join(dir, "firmware.bin"), "--scene", filepath.Join(scenes, m.Scene+".scene"), "--id", c.id,
		"--hub", net.JoinHostPort(hostOfEmulated, hub.Port()), "--out", c.image,
	}
	if m.Key != "" {
		args = append(args, "--enrolment-key", m.Key)
	}
	if out, err := exec.Command(c.mkflash, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
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

// ID implements Camera.
func (c *EmulatedCamera) ID() string { return c.id }

// Said implements Camera.
func (c *EmulatedCamera) Said() *Transcript { return &c.said }

// Runs implements Camera. The board starts again after a crash, so the console has to tell of one.
func (c *EmulatedCamera) Runs() bool {
	return c.process != nil && c.process.runs() && c.said.Count(0, panicLine) == 0
}

// Start implements Camera.
func (c *EmulatedCamera) Start(t *testing.T) {
	t.Helper()
	p := &process{done: make(chan struct{})}
	args := []string{
		"-M", "lx60-nommu", "-m", "1M", "-accel", "tcg,tb-size=8", "-display", "none", "-monitor", "none", "-serial", "stdio",
		"-nic", "user,model=open_eth,id=net", "-drive", "if=pflash,format=raw,file=" + c.image,
	}
	if c.Wire != "" {
		args = append(args, "-object", "filter-dump,id=wire,netdev=net,file="+c.Wire)
	}
	p.cmd = exec.Command("qemu-system-xtensa", args...)
	p.cmd.Stdout, p.cmd.Stderr = &c.said, &c.said
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // for a test that panics
	keys, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatalf("%v: apt install qemu-system-misc", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	c.process, c.keys = p, keys
	if c.motion > sensorSlack {
		go c.sense(p, keys)
	}
}

// sense is the motion sensor of one life.
func (c *EmulatedCamera) sense(p *process, keys io.Writer) {
	tick := time.NewTicker(c.motion)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_, _ = keys.Write([]byte{keyMotion}) // a camera that ends just now sees nothing more
		case <-p.done:
			return
		}
	}
}

// Cut implements Camera.
func (c *EmulatedCamera) Cut() { c.process.kill() }

// TurnSwitch implements Camera.
func (c *EmulatedCamera) TurnSwitch(t *testing.T) {
	t.Helper()
	c.press(t, keySwitch)
}

// AskMemory has the camera print how much memory it has needed.
func (c *EmulatedCamera) AskMemory(t *testing.T) {
	t.Helper()
	c.press(t, keyMemory)
}

func (c *EmulatedCamera) press(t *testing.T, key byte) {
	t.Helper()
	if _, err := c.keys.Write([]byte{key}); err != nil {
		t.Fatal(err)
	}
}

// Move makes the motion sensor see something. It does nothing to a camera without power.
func (c *EmulatedCamera) Move() { _, _ = c.keys.Write([]byte{keyMotion}) }

// PID is QEMU's.
func (c *EmulatedCamera) PID() int { return c.process.cmd.Process.Pid }

var panicLine = regexp.MustCompile(`^panic`)

var flashEvent = regexp.MustCompile(`(?m)^event (\S+) `)

// Flash is what mkflash says of the image of a camera without power, and the ids of the events that wait in it.
func (c *EmulatedCamera) Flash(t *testing.T) (shown string, events []string) {
	t.Helper()
	var errs strings.Builder
	cmd := exec.Command(c.mkflash, "--show", c.image)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, &errs)
	}
	for _, m := range flashEvent.FindAllSubmatch(out, -1) {
		events = append(events, string(m[1]))
	}
	return string(out), events
}
