package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

var binaries string // folder of the programs built by this run

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "nestbox-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binaries = dir
	code := 1
	// Once here, or each test would print what the compiler says.
	if _, err := tested(false)(); err != nil {
		fmt.Fprintln(os.Stderr, err)
	} else {
		code = m.Run()
	}
	if err := os.RemoveAll(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// tested gives the build of the program to test; shipped is what `make build` makes, whatever this test was built with.
func tested(shipped bool) func() (string, error) {
	if shipped || !raceEnabled {
		return buildShipped
	}
	return buildTested
}

// program builds nestbox once and gives its path.
func program(t *testing.T, shipped bool) string {
	t.Helper()
	path, err := tested(shipped)()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var (
	buildShipped = sync.OnceValues(func() (string, error) {
		return build("nestbox", []string{"CGO_ENABLED=0"}, "-trimpath", "-tags", "nomsgpack,grpcnotrace", "-ldflags", "-s -w -X main.version=0.0.0-e2e")
	})
	buildTested = sync.OnceValues(func() (string, error) {
		return build("nestbox-race", nil, "-race", "-ldflags", "-X main.version=0.0.0-e2e")
	})
)

func build(name string, env []string, flags ...string) (string, error) {
	path := filepath.Join(binaries, name)
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), "../cmd/nestbox")...)
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build nestbox: %w\n%s", err, out)
	}
	return path, nil
}

const password = "correct horse battery" // of the operator, where a test does not want the random one

// hub is a running child.
type hub struct {
	t    *testing.T
	cmd  *exec.Cmd
	dir  string
	url  string // http://127.0.0.1:port
	ops  string
	text *transcript
	done chan struct{} // closed when it ended; then err is set
	err  error
}

// environment is that of every child: no mDNS into the network of whoever runs the tests, any free ports.
func environment(dir string, more ...string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "NESTBOX_DATA=" + dir, "NESTBOX_MDNS=false",
		"NESTBOX_LISTEN=127.0.0.1:0", "NESTBOX_OPS_LISTEN=127.0.0.1:0", "NESTBOX_ADMIN_PASSWORD=" + password,
	}
	return append(env, more...)
}

// start runs `nestbox serve` on dir until it is ready. It is killed at the end of the test unless it ended before.
func start(t *testing.T, dir string, env ...string) *hub {
	t.Helper()
	return startProgram(t, program(t, false), dir, env...)
}

func startProgram(t *testing.T, path, dir string, env ...string) *hub {
	t.Helper()
	h := spawn(t, path, dir, env, "serve")
	h.url = h.text.await(t, regexp.MustCompile(`Cameras and operators\s+(http://\S+)`))
	h.ops = h.text.await(t, regexp.MustCompile(`Health and metrics\s+(http://\S+)`))
	return h
}

// spawn begins a command that runs until it is stopped.
func spawn(t *testing.T, path, dir string, env []string, args ...string) *hub {
	t.Helper()
	h := &hub{t: t, dir: dir, text: newTranscript(), done: make(chan struct{})}
	h.cmd = exec.Command(path, args...)
	h.cmd.Env = environment(dir, env...)
	h.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that panics leaves no hub behind
	out, in := io.Pipe()
	h.cmd.Stdout, h.cmd.Stderr = in, in
	if err := h.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go h.text.read(out)
	go func() {
		h.err = h.cmd.Wait()
		_ = in.Close()
		close(h.done)
	}()
	t.Cleanup(func() {
		h.kill()
		if strings.Contains(h.text.String(), "WARNING: DATA RACE") { // which a killed child tells by no exit code
			t.Error("nestbox has a data race")
		}
		if t.Failed() {
			t.Logf("what nestbox said:\n%s", h.text)
		}
	})
	return h
}

// kill ends it as a power cut would, and waits.
func (h *hub) kill() {
	_ = h.cmd.Process.Kill()
	<-h.done
}

// terminate asks it to stop.
func (h *hub) terminate() {
	if err := h.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		h.t.Fatal(err)
	}
}

// stop asks it to stop and wants it to end well.
func (h *hub) stop() {
	h.t.Helper()
	h.terminate()
	h.awaitEnd()
}

// result is how a command ended.
type result struct {
	code        int
	out, errors string
}

// run runs another command of nestbox to its end.
func run(t *testing.T, dir string, env []string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, program(t, false), args...)
	cmd.Env = environment(dir, env...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("nestbox %s: %v", strings.Join(args, " "), err)
	}
	return result{code: cmd.ProcessState.ExitCode(), out: out.String(), errors: errs.String()}
}

// mustRun is run for commands that must succeed.
func mustRun(t *testing.T, dir string, args ...string) string {
	t.Helper()
	r := run(t, dir, nil, args...)
	if r.code != 0 {
		t.Fatalf("nestbox %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.errors)
	}
	return r.out
}

// transcript collects what a child prints.
type transcript struct {
	mu    sync.Mutex
	lines []string
	grown chan struct{} // replaced and closed with each line
	ended bool
}

func newTranscript() *transcript { return &transcript{grown: make(chan struct{})} }

func (s *transcript) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.add(lines.Text(), false)
	}
	s.add("", true)
}

func (s *transcript) add(line string, end bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if end {
		s.ended = true
	} else {
		s.lines = append(s.lines, line)
	}
	close(s.grown)
	s.grown = make(chan struct{})
}

func (s *transcript) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.lines, "\n")
}

// await waits for a line that matches and gives its first group.
func (s *transcript) await(t *testing.T, pattern *regexp.Regexp) string {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for seen := 0; ; {
		s.mu.Lock()
		lines, grown, ended := s.lines[seen:], s.grown, s.ended
		s.mu.Unlock()
		for _, line := range lines {
			if m := pattern.FindStringSubmatch(line); m != nil {
				return m[1]
			}
		}
		seen += len(lines)
		if ended {
			t.Fatalf("nestbox ended before it printed %v", pattern)
		}
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("nestbox did not print %v", pattern)
		}
	}
}

// passwordLine is that of the banner of the first start.
var passwordLine = regexp.MustCompile(`^\W*Password\s+(\S+)`)

func (h *hub) pid() string { return strconv.Itoa(h.cmd.Process.Pid) }

// awaitEnd waits for the end of a hub that was asked to stop before.
func (h *hub) awaitEnd() {
	h.t.Helper()
	select {
	case <-h.done:
	case <-time.After(30 * time.Second):
		h.t.Fatal("nestbox did not stop within 30 s")
	}
	if h.err != nil {
		h.t.Fatalf("nestbox ended with %v", h.err)
	}
}

func containsAll(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}
