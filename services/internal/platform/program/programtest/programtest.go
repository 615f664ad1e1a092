// Package programtest runs a service's program inside a test, from its arguments
// to its exit code. It is imported by tests only.
package programtest

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/program"
)

// patience bounds the start and the stop of a server.
const patience = 20 * time.Second

// New is what a program gives to program.Main.
type New func(at program.Process) *program.Program

// Run runs the program to its end with an environment of its own.
func (newProgram New) Run(t testing.TB, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = newProgram(process(env, &out, &errs)).Run(t.Context(), args)
	return code, out.String(), errs.String()
}

func process(env map[string]string, stdout, stderr io.Writer) program.Process {
	return program.Process{Getenv: func(k string) string { return env[k] }, Stdout: stdout, Stderr: stderr}
}

// Server is a program that serves.
type Server struct {
	API, Ops    string // base URLs
	Stdout, Log *Output
	// Stop ends it and waits; the test fails unless the exit code is 0. It is called
	// at the end of the test if not before.
	Stop func()
}

// Serve starts the program's serve and returns when it listens.
func (newProgram New) Serve(t testing.TB, env map[string]string) *Server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s := &Server{Stdout: &Output{}, Log: &Output{}}
	ready, done := make(chan struct{}), make(chan int, 1)
	at := process(env, s.Stdout, s.Log)
	at.Ready = func(listen, ops string) {
		s.API, s.Ops = "http://"+listen, "http://"+ops
		close(ready)
	}
	go func() { done <- newProgram(at).Run(ctx, []string{"serve"}) }()
	select {
	case <-ready:
	case code := <-done:
		cancel()
		t.Fatalf("serve ended with %d: %s", code, s.Log)
	case <-time.After(patience):
		cancel()
		t.Fatalf("serve is not ready after %v", patience)
	}
	s.Stop = sync.OnceFunc(func() {
		cancel()
		http.DefaultClient.CloseIdleConnections()
		select {
		case code := <-done:
			if code != 0 {
				t.Errorf("exit code %d: %s", code, s.Log)
			}
		case <-time.After(patience):
			t.Error("serve did not stop")
		}
	})
	t.Cleanup(s.Stop)
	return s
}

// Output may be read while it is written.
type Output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *Output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *Output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}
