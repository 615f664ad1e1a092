package served_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// service is one program that serves, at the same addresses however often it is started.
type service struct {
	w           *world
	name        string
	listen, ops string
	logPath     string
	cmd         *exec.Cmd
	done        chan struct{} // closed when it ended; then err is set
	err         error
}

// service makes another replica of a program; it does not run yet.
func (w *world) service(name string) *service {
	w.t.Helper()
	s := &service{
		w: w, name: name, listen: freeAddress(w.t), ops: freeAddress(w.t),
		logPath: filepath.Join(w.dir, name+"-"+strconv.Itoa(len(w.started))+".log"),
	}
	w.started = append(w.started, s)
	return s
}

// environment is all that the program knows of the world.
func (w *world) environment(name, listen, ops string) []string {
	p := strings.ToUpper(name) + "_"
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + w.dir, "NESTBOX_LOG_LEVEL=debug",
		p + "LISTEN=" + listen, p + "OPS_LISTEN=" + ops, p + "PG_URL=" + w.postgres, p + "REDIS_URL=" + w.redis.URL(),
	}
	switch name {
	case "registry":
		env = append(env, "REGISTRY_TOKEN_KEY_FILE="+w.privateKey(), "REGISTRY_ADMIN_PASSWORD="+password)
	case "media":
		env = append(env, "MEDIA_TOKEN_PUBLIC_KEY_FILE="+w.publicKey(), "MEDIA_BLOB=folder", "MEDIA_FOLDER="+w.pictures())
	default:
		env = append(env, p+"TOKEN_PUBLIC_KEY_FILE="+w.publicKey())
	}
	return append(env, w.env...)
}

func (s *service) start() {
	s.w.t.Helper()
	f, err := os.OpenFile(s.logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		s.w.t.Fatal(err)
	}
	defer f.Close()
	s.cmd = exec.Command(filepath.Join(binaries, s.name), "serve")
	s.cmd.Env = s.w.environment(s.name, s.listen, s.ops)
	s.cmd.Stdout, s.cmd.Stderr = f, f
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that panics leaves nothing behind
	if err := s.cmd.Start(); err != nil {
		s.w.t.Fatal(err)
	}
	cmd, done := s.cmd, make(chan struct{})
	s.done = done
	go func() {
		s.err = cmd.Wait()
		close(done)
	}()
	s.w.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-done
		if s.w.t.Failed() && cmd == s.cmd {
			s.w.t.Logf("the end of what %s said:\n%s", s.name, tail(s.log(), 6000))
		}
	})
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func (s *service) log() string {
	text, err := os.ReadFile(s.logPath)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.w.t.Error(err)
	}
	return string(text)
}

func (s *service) signal(sig syscall.Signal) {
	s.w.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.w.t.Fatal(err)
	}
}

// kill ends it as a power cut would, and waits.
func (s *service) kill() {
	s.w.t.Helper()
	s.signal(syscall.SIGKILL)
	<-s.done
}

// awaitEnd waits for the end of a program that was asked to stop, and wants it to end well.
func (s *service) awaitEnd(patience time.Duration) {
	s.w.t.Helper()
	select {
	case <-s.done:
	case <-time.After(patience):
		s.w.t.Fatalf("%s did not stop within %v", s.name, patience)
	}
	if s.err != nil {
		s.w.t.Fatalf("%s ended with %v", s.name, s.err)
	}
}

// ready asks /readyz.
func (s *service) ready() (status int, report readiness) {
	a, err := hubtest.Try(http.MethodGet, "http://"+s.ops+"/readyz", nil)
	if err != nil {
		return 0, report
	}
	_ = json.Unmarshal(a.Body, &report)
	return a.Status, report
}

type readiness struct {
	Status string `json:"status"`
	Checks map[string]struct {
		Status   string `json:"status"`
		Critical bool   `json:"critical"`
		Detail   string `json:"detail"`
	} `json:"checks"`
}

// awaitReady waits until /readyz says so.
func (s *service) awaitReady(want string) {
	s.w.t.Helper()
	hubtest.Eventually(s.w.t, 30*time.Second, s.name+" is "+want, func() bool {
		select {
		case <-s.done:
			s.w.t.Fatalf("%s ended: %v\n%s", s.name, s.err, tail(s.log(), 3000))
		default:
		}
		_, r := s.ready()
		return r.Status == want
	})
}

// metric gives the sum of the samples of /metrics whose name and labels match.
func (s *service) metric(t *testing.T, pattern string) float64 {
	t.Helper()
	text := string(hubtest.Do(t, http.MethodGet, "http://"+s.ops+"/metrics", nil).Want(t, http.StatusOK).Body)
	sum := 0.0
	found := regexp.MustCompile(`(?m)^`+pattern+`(?:\{[^}]*\})? (\S+)$`).FindAllStringSubmatch(text, -1)
	if len(found) == 0 {
		t.Fatalf("%s has no metric %s", s.name, pattern)
	}
	for _, m := range found {
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		sum += n
	}
	return sum
}

// result is how a command ended.
type result struct {
	code        int
	out, errors string
}

// command runs a program to its end with this environment.
func command(t *testing.T, env []string, name string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, name), args...)
	cmd.Env = env
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return result{code: cmd.ProcessState.ExitCode(), out: out.String(), errors: errs.String()}
}

// run runs a command of a program that must succeed and returns what it printed.
func (w *world) run(name string, args ...string) string {
	w.t.Helper()
	r := command(w.t, w.environment(name, "127.0.0.1:0", "127.0.0.1:0"), name, args...)
	if r.code != 0 {
		w.t.Fatalf("%s %s: exit code %d\n%s%s", name, strings.Join(args, " "), r.code, r.out, r.errors)
	}
	return r.out
}

// proxyTo passes requests on, without idle connections: one to a program that was killed would fail a request that was
// never sent.
func proxyTo(address string) http.Handler {
	p := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
	p.Transport = &http.Transport{DisableKeepAlives: true}
	p.FlushInterval = -1
	p.ErrorLog = log.New(io.Discard, "", 0) // a program that is gone is what is tested; the client gets 502
	return p
}
