// Package redistest gives tests a real Redis: a private server for each test,
// since pub/sub and FLUSHALL ignore the numbered databases of one server. A
// server is up in some 20 ms and takes 4 MB. It leaves nothing behind, also when
// the test binary is killed (package leash).
//
// It is imported by tests only. It needs the program redis-server; without it a
// test fails and says so.
package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/leash"
	"home.arpa/nestbox/services/internal/platform/rds"
)

const (
	startTimeout = 10 * time.Second
	stopTimeout  = 5 * time.Second
)

// New starts a server for this test and returns a client of it, opened as the
// services open theirs. Both end when the test ends.
func New(t testing.TB) *redis.Client {
	t.Helper()
	return StartServer(t).Client()
}

// Server is a private server. Its methods fail the test when they cannot do
// what they say.
type Server struct {
	t      testing.TB
	folder *leash.Folder
	proc   *leash.Process // nil while stopped
	port   int
}

// StartServer starts a server that is removed when the test ends. It keeps
// nothing on disk: after Stop or Kill, Start gives an empty one.
func StartServer(t testing.TB) *Server {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		t.Fatal(`redistest: no Redis server found: run "make setup"`)
	}
	folder, err := leash.NewFolder("nestbox-redistest-", "")
	if err != nil {
		t.Fatalf("redistest: %v", err)
	}
	s := &Server{t: t, folder: folder}
	t.Cleanup(func() {
		if err := errors.Join(s.kill(), s.folder.Remove()); err != nil {
			t.Errorf("redistest: %v", err)
		}
	})
	// Another process can take the free port before Redis does.
	for range 3 {
		if s.port, err = freePort(); err == nil {
			if err = s.start(); err == nil {
				return s
			}
		}
	}
	t.Fatalf("redistest: %v", err)
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// URL returns how to reach the server. The same at every start.
func (s *Server) URL() string { return fmt.Sprintf("redis://127.0.0.1:%d/0", s.port) }

// Client returns a new client, opened as the services open theirs. It is closed
// when the test ends.
func (s *Server) Client() *redis.Client {
	s.t.Helper()
	client, err := rds.Open(rds.Config{URL: s.URL()})
	if err != nil {
		s.t.Fatalf("redistest: %v", err)
	}
	s.t.Cleanup(func() { _ = client.Close() }) // the test may have closed it
	return client
}

func (s *Server) start() error {
	proc, err := s.folder.Start("redis-server", "--port", strconv.Itoa(s.port), "--bind", "127.0.0.1",
		"--unixsocket", s.folder.Path+"/redis.sock", "--save", "", "--appendonly", "no", "--loglevel", "warning")
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(2 * time.Millisecond) {
		err := s.ping()
		if err == nil {
			s.proc = proc
			return nil
		}
		if proc.Exited() || time.Now().After(deadline) {
			log, _ := os.ReadFile(s.folder.LogPath())
			return errors.Join(fmt.Errorf("start Redis: %w: %s", err, log), proc.Kill())
		}
	}
}

// ping asks through the socket in our own folder: a port could be somebody
// else's. Redis listens on it after the port.
func (s *Server) ping() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", s.folder.Path+"/redis.sock")
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 7)
	if _, err := conn.Read(answer); err != nil {
		return err
	}
	if string(answer) != "+PONG\r\n" {
		return fmt.Errorf("answered %q", answer)
	}
	return nil
}

func (s *Server) kill() error {
	if s.proc == nil {
		return nil
	}
	proc := s.proc
	s.proc = nil
	return proc.Kill()
}

// Stop shuts the server down in order; connections are closed.
func (s *Server) Stop() {
	s.t.Helper()
	s.do("stop", func() error {
		proc := s.proc
		s.proc = nil
		return proc.Stop(syscall.SIGTERM, stopTimeout)
	})
}

// Kill ends the server with SIGKILL, like a crash.
func (s *Server) Kill() { s.t.Helper(); s.do("kill", s.kill) }

// Start starts it again on the same port, empty.
func (s *Server) Start() { s.t.Helper(); s.do("start", s.start) }

// Freeze makes the server silent: connections stay open and new ones are taken
// by the kernel, and nothing answers. From outside it is a cut cable.
func (s *Server) Freeze() { s.t.Helper(); s.do("freeze", s.proc.Freeze) }

// Thaw ends Freeze.
func (s *Server) Thaw() { s.t.Helper(); s.do("thaw", s.proc.Thaw) }

func (s *Server) do(verb string, fn func() error) {
	s.t.Helper()
	if err := fn(); err != nil {
		s.t.Fatalf("%s Redis: %v", verb, err)
	}
}
