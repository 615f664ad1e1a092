package leash_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/leash"
)

// program has a child, as Postgres has.
var program = []string{"/bin/sh", "-c", "sleep 1000 & wait"}

func TestMain(m *testing.M) {
	if how := os.Getenv("LEASH_TEST_VICTIM"); how != "" {
		fmt.Fprintln(os.Stderr, victim(how))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

// victim is a test binary that starts a program, says where, and hangs.
func victim(how string) error {
	f, err := leash.NewFolder("nestbox-leash-", "")
	if err != nil {
		return err
	}
	p, err := f.Start(program[0], program[1:]...)
	if err != nil {
		return err
	}
	for !hasChild(f) {
		time.Sleep(time.Millisecond)
	}
	if how == "frozen" {
		if err := p.Freeze(); err != nil {
			return err
		}
	}
	fmt.Println(f.Path)
	select {}
}

// members are the processes whose working folder is that one.
func members(folder string) (pids []string) {
	links, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, l := range links {
		cwd, err := os.Readlink("/proc/" + l.Name() + "/cwd")
		if err == nil && strings.TrimSuffix(cwd, " (deleted)") == folder {
			pids = append(pids, l.Name())
		}
	}
	return pids
}

func hasChild(f *leash.Folder) bool { return len(members(f.Path)) == 2 }

func within(t *testing.T, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func gone(folder string) bool {
	_, err := os.Stat(folder)
	return errors.Is(err, os.ErrNotExist) && len(members(folder)) == 0
}

func TestNothingOutlivesAKilledTestBinary(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"running", "frozen"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), "LEASH_TEST_VICTIM="+how)
			cmd.Stderr = os.Stderr
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			folder := strings.TrimSpace(line)
			if n := len(members(folder)); n != 2 {
				t.Fatalf("%d processes are in %q, want the program and its child", n, folder)
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			within(t, 30*time.Second, "folder and processes are gone", func() bool { return gone(folder) })
		})
	}
}

func TestEachEndIsAnEnd(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*leash.Process) error{
		"kill":        (*leash.Process).Kill,
		"kill frozen": func(p *leash.Process) error { return errors.Join(p.Freeze(), p.Kill()) },
		"stop":        func(p *leash.Process) error { return errors.Join(p.Signal(syscall.SIGTERM), nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := leash.NewFolder("nestbox-leash-", "")
			if err != nil {
				t.Fatal(err)
			}
			p, err := f.Start(program[0], program[1:]...)
			if err != nil {
				t.Fatal(err)
			}
			within(t, 30*time.Second, "the program has a child", func() bool { return hasChild(f) })
			if p.Exited() {
				t.Error("Exited, while it runs")
			}
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			if name == "stop" {
				within(t, 30*time.Second, "the program ends", p.Exited)
				if err := p.Kill(); err != nil {
					t.Error(err)
				}
				if n := len(members(f.Path)); n != 1 {
					t.Errorf("%d processes are left, want the child", n)
				}
				return // the child, which nobody asked to end, is left to the keeper
			}
			if err := f.Remove(); err != nil {
				t.Error(err)
			}
			if !gone(f.Path) {
				t.Error("something is left")
			}
		})
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	t.Parallel()
	f, err := leash.NewFolder("nestbox-leash-", "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := f.Start("/bin/sh", "-c", "trap '' TERM; touch ready; while :; do sleep 0.01; done")
	if err != nil {
		t.Fatal(err)
	}
	within(t, 30*time.Second, "the program is ready", func() bool {
		_, err := os.Stat(f.Path + "/ready")
		return err == nil
	})
	if err := p.Stop(syscall.SIGTERM, 50*time.Millisecond); err == nil {
		t.Error("Stop says that the program listened")
	}
	if err := f.Remove(); err != nil {
		t.Error(err)
	}
	within(t, 30*time.Second, "everything is gone", func() bool { return gone(f.Path) })
}
