// Package emulated runs the emulated camera: the firmware on bare metal in QEMU, with its flash in a file. It builds what it
// runs, makes flash images, starts them, cuts their power and types at their console. It knows nothing of the hub.
package emulated

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// HostAddress is where a camera finds the machine that it runs on.
const HostAddress = "10.0.2.2"

// root is the repository's.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Build makes firmware and mkflash by make, once per process, and gives the folder that they are in.
var Build = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("make", "-f", "firmware/port/qemu/qemu.mk", "firmware/qemu")
	cmd.Dir = root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("make firmware/qemu: %w\n%s", err, out)
	}
	return filepath.Join(root(), "build", "firmware-qemu"), nil
})

// Image says what goes into a flash image.
type Image struct {
	ID    string // MAC address
	Scene string // file of a scene pack
	Hub   string // host:port; empty: the camera looks for it
	Key   string // enrolment key; empty: none
}

// Write makes the image at path.
func (i Image) Write(ctx context.Context, path string) error {
	dir, err := Build()
	if err != nil {
		return err
	}
	args := []string{"--firmware", filepath.Join(dir, "firmware.bin"), "--scene", i.Scene, "--id", i.ID, "--out", path}
	if i.Hub != "" {
		args = append(args, "--hub", i.Hub)
	}
	if i.Key != "" {
		args = append(args, "--enrolment-key", i.Key)
	}
	_, err = mkflash(ctx, args...)
	return err
}

// Show is what mkflash says of an image: a word and what belongs to it on each line.
func Show(ctx context.Context, path string) (string, error) { return mkflash(ctx, "--show", path) }

func mkflash(ctx context.Context, args ...string) (string, error) {
	dir, err := Build()
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "mkflash"), args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("mkflash: %w: %s", err, errs.String())
	}
	return string(out), nil
}

// Camera is one that has power.
type Camera struct {
	cmd  *exec.Cmd
	keys io.WriteCloser
	done chan struct{}
}

// Start switches a camera on with the flash image at path. What its console prints goes to console, line by line or in parts,
// from one goroutine, until Cut returns.
func Start(path string, console io.Writer) (*Camera, error) {
	c := &Camera{done: make(chan struct{})}
	c.cmd = exec.Command("qemu-system-xtensa", "-M", "lx60-nommu", "-m", "1M", "-accel", "tcg,tb-size=8",
		"-display", "none", "-monitor", "none", "-serial", "stdio", "-nic", "user,model=open_eth",
		"-drive", "if=pflash,format=raw,file="+path)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that panics leaves no camera behind
	c.cmd.Stdout = console
	var errs strings.Builder
	c.cmd.Stderr = &errs
	keys, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	c.keys = keys
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start qemu-system-xtensa: %w", err)
	}
	go func() {
		defer close(c.done)
		if err := c.cmd.Wait(); err != nil && !killed(err) {
			fmt.Fprintf(console, "qemu-system-xtensa: %v: %s\n", err, errs.String())
		}
	}()
	return c, nil
}

func killed(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// Cut cuts the power, at whatever instruction it meets, and waits until the flash file is nobody's.
func (c *Camera) Cut() {
	_ = c.cmd.Process.Kill()
	<-c.done
}

// Done is closed when the camera has no power any more, by Cut or because QEMU ended.
func (c *Camera) Done() <-chan struct{} { return c.done }

// Process is QEMU's, for measuring it.
func (c *Camera) Process() *os.Process { return c.cmd.Process }

// The keys that Type takes.
const (
	Motion = 'm' // the motion sensor sees something
	Lock   = 'l' // the privacy switch
	Open   = 'o'
)

// Type types at the console.
func (c *Camera) Type(keys ...byte) error {
	_, err := c.keys.Write(keys)
	return err
}
