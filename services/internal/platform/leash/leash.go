// Package leash starts server programs for tests that cannot outlive the test
// binary, however it ends: normally, by a panic, by a time-out or by SIGKILL.
//
// It owns the process, its folder and their end. It refuses to know what the
// program is. It works on Linux only, and so do the tests that use it.
package leash

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// keeper waits until its input ends, which the kernel brings about when the
// test binary is gone, and then kills every process whose working folder is
// ours and removes the folder. By folder and not by number, since a number may
// be another process's by then, and a program may have left children behind. An
// answer "done" before that means that only the folder is left.
//
// Why not Pdeathsig: it fires when the *thread* that started the program ends,
// so that thread has to be kept locked for ever, it is lost when the program
// changes its user, and it cannot remove a folder.
const keeper = `
trap '' HUP INT TERM
cd /
read -r answer
[ "$answer" = done ] && exec rm -rf "$1"
found=yes
while [ -n "$found" ]; do
	found=
	for process in /proc/[0-9]*; do
		case "$(readlink "$process/cwd")" in
		"$1" | "$1/"*) kill -KILL "${process#/proc/}" && found=yes ;;
		esac
	done
done 2>/dev/null
rm -rf "$1"
`

// killTimeout is how long the kernel may take to carry out SIGKILL.
const killTimeout = 10 * time.Second

// Folder is a temporary folder that is removed at the latest when the test
// binary ends, and the user that its programs run as. It is not safe for
// concurrent use.
type Folder struct {
	// Path is absolute. The programs' user may write there.
	Path string

	uid, gid int // -1: the user of the test
	leash    *os.File
	keeper   *exec.Cmd
}

// NewFolder makes a folder for one program. When the test runs as root and asUser is
// not empty, that user owns it and the program runs as that user: Postgres
// refuses to run as root.
func NewFolder(prefix, asUser string) (*Folder, error) {
	f := &Folder{uid: -1, gid: -1}
	if os.Geteuid() == 0 && asUser != "" {
		u, err := user.Lookup(asUser)
		if err != nil {
			return nil, err
		}
		uid, uerr := strconv.Atoi(u.Uid)
		gid, gerr := strconv.Atoi(u.Gid)
		if err := errors.Join(uerr, gerr); err != nil {
			return nil, err
		}
		f.uid, f.gid = uid, gid
	}
	var err error
	if f.Path, err = os.MkdirTemp("", prefix); err != nil {
		return nil, err
	}
	if err := f.hold(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(f.Path))
	}
	return f, nil
}

func (f *Folder) hold() error {
	if f.uid >= 0 {
		if err := os.Chown(f.Path, f.uid, f.gid); err != nil {
			return err
		}
	}
	r, w, err := os.Pipe() // close-on-exec: no other child keeps it open
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	f.keeper = exec.Command("/bin/sh", "-c", keeper, "keeper", f.Path) //nolint:gosec,noctx // a constant script that must outlive every context
	f.keeper.Stdin = r
	f.keeper.Dir = "/"
	// A group of its own: Ctrl-C at the terminal reaches the whole group.
	f.keeper.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := f.keeper.Start(); err != nil {
		return errors.Join(err, w.Close())
	}
	f.leash = w
	return nil
}

// Command returns a command that runs in the folder, as its user, with a clean
// environment.
func (f *Folder) Command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...) //nolint:gosec,noctx // tests start what they name, and end it by its methods
	cmd.Dir = f.Path
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC", "HOME=" + f.Path}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if f.uid >= 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(f.uid), Gid: uint32(f.gid)}
	}
	return cmd
}

// Start runs a server program; its output goes to the file "log" in the folder.
// It must keep its working folder in there.
func (f *Folder) Start(program string, args ...string) (*Process, error) {
	log, err := os.OpenFile(f.LogPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	cmd := f.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Process{cmd: cmd}, nil
}

// LogPath is where the program's output goes.
func (f *Folder) LogPath() string { return filepath.Join(f.Path, "log") }

// Remove removes the folder. Its program must have ended.
func (f *Folder) Remove() error {
	_, err := f.leash.WriteString("done\n")
	return errors.Join(err, f.leash.Close(), f.keeper.Wait())
}

// Process is a running server program.
type Process struct{ cmd *exec.Cmd }

// Exited reports whether the program has ended by itself. It does not wait, and
// no goroutine does, so that goleak sees nothing of a server that lives longer
// than one test.
func (p *Process) Exited() bool {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	return err != nil || info.Signo != 0
}

// Signal sends a signal to the program alone.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Freeze stops the program and all its children: they keep their sockets and
// answer nothing, like a machine that was unplugged from the network.
func (p *Process) Freeze() error { return p.each(syscall.SIGSTOP) }

// Thaw ends Freeze.
func (p *Process) Thaw() error { return p.each(syscall.SIGCONT) }

// Kill ends the program and its children with SIGKILL, and waits for all of
// them: Postgres does not start while a process of the last one is there.
func (p *Process) Kill() error {
	// Stopped first, so that it makes no new children.
	if err := p.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	children, err := p.children()
	if err != nil {
		return err
	}
	if err := errors.Join(signal(children, syscall.SIGKILL), p.Signal(syscall.SIGKILL)); err != nil {
		return err
	}
	_ = p.cmd.Wait() // "signal: killed" is what was asked for
	for deadline := time.Now().Add(killTimeout); slices.ContainsFunc(children, alive); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("a child outlived SIGKILL")
		}
	}
	return nil
}

// Stop sends sig and waits for the program to end by itself, for at most limit;
// then it kills it and returns an error.
func (p *Process) Stop(sig syscall.Signal, limit time.Duration) error {
	if err := p.Signal(sig); err != nil {
		return err
	}
	for deadline := time.Now().Add(limit); !p.Exited(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.Join(fmt.Errorf("still running %v after %v", limit, sig), p.Kill())
		}
	}
	_ = p.cmd.Wait() // a server that was asked to stop may exit with any status
	return nil
}

// each sends sig to the program first, so that it does not notice what becomes
// of its children, and then to those.
func (p *Process) each(sig syscall.Signal) error {
	if err := p.Signal(sig); err != nil {
		return err
	}
	children, err := p.children()
	if err != nil {
		return err
	}
	return signal(children, sig)
}

func (p *Process) children() ([]int, error) {
	pid := p.cmd.Process.Pid
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, field := range strings.Fields(string(list)) {
		child, err := strconv.Atoi(field)
		if err != nil {
			return nil, err
		}
		pids = append(pids, child)
	}
	return pids, nil
}

func signal(pids []int, sig syscall.Signal) error {
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// alive is false also for a zombie, which has given back all that it had.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ") // after the name, which may hold anything
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}
