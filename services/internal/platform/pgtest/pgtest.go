// Package pgtest gives tests a real Postgres: one private server per test
// binary, started at the first use, and a fresh database for each test. It
// leaves nothing behind, also when the test binary is killed (package leash).
//
// It is imported by tests only. It needs the programs of Postgres 15 or newer, which Debian's
// package postgresql brings; without them a test fails and says so.
package pgtest

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
)

// shared is the server of this test binary.
var shared struct {
	sync.Mutex
	*cluster
	err error
}

var databases atomic.Int64

// Main runs the tests, stops the server and checks that no goroutine is left.
// Use it as: func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }. Without it
// everything works and is cleaned up all the same, a moment later.
func Main(m *testing.M, leaks ...goleak.Option) int {
	code := m.Run()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster != nil {
		if err := shared.remove(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest: stop the server:", err)
			code = max(code, 1)
		}
		shared.cluster = nil
	}
	if code == 0 {
		if err := goleak.Find(leaks...); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = 1
		}
	}
	return code
}

// New makes an empty database for this test on the shared server and returns
// how to reach it. The schema does not exist yet; migrate.Postgres creates it.
// The database is dropped when the test ends, with the connections to it.
func New(t testing.TB, schema string) pg.Config {
	t.Helper()
	c := server(t)
	name := fmt.Sprintf("t%d", databases.Add(1))
	if err := c.exec("CREATE DATABASE " + name + " STRATEGY FILE_COPY"); err != nil {
		t.Fatalf("create database %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := c.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return pg.Config{URL: c.url(name), Schema: schema, MaxConns: 8}
}

// Open is New, migrated to the newest version of fsys and opened. The pool is
// closed when the test ends.
func Open(t testing.TB, schema string, fsys fs.FS) *pg.DB {
	t.Helper()
	db := Connect(t, New(t, schema))
	if _, err := migrate.Postgres(t.Context(), db, fsys); err != nil {
		t.Fatalf("migrate: %v", err)
	}
	return db
}

// Connect opens a pool that is closed when the test ends.
func Connect(t testing.TB, cfg pg.Config) *pg.DB {
	t.Helper()
	db, err := pg.Open(context.WithoutCancel(t.Context()), cfg)
	if err != nil {
		t.Fatalf("open %s: %v", cfg.Schema, err)
	}
	t.Cleanup(db.Close)
	return db
}

// server returns the shared server, started if it is not running.
func server(t testing.TB) *cluster {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.cluster == nil && shared.err == nil {
		shared.cluster, shared.err = newCluster()
	}
	if shared.err != nil {
		t.Fatalf("pgtest: %v", shared.err)
	}
	return shared.cluster
}

// Server is a private server for tests of outages. Its methods fail the test
// when they cannot do what they say.
type Server struct {
	t testing.TB
	c *cluster
}

// StartServer starts a server of its own, which is removed when the test ends.
func StartServer(t testing.TB) *Server {
	t.Helper()
	c, err := newCluster()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		if err := c.remove(); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return &Server{t: t, c: c}
}

// Config returns how to reach the server. The same at every start.
func (s *Server) Config(schema string) pg.Config {
	return pg.Config{URL: s.c.url("postgres"), Schema: schema, MaxConns: 8}
}

// Stop shuts the server down in order, like an upgrade: it cuts open
// connections (57P01) and then refuses new ones.
func (s *Server) Stop() { s.do("stop", s.c.stop) }

// Kill ends the server with SIGKILL, like a crash.
func (s *Server) Kill() { s.do("kill", s.c.kill) }

// Start starts it again on the same port with the same data, and waits until it
// takes queries.
func (s *Server) Start() { s.do("start", s.c.start) }

// Freeze makes the server silent: connections stay open and new ones are taken
// by the kernel, and nothing answers. From outside it is a cut cable.
func (s *Server) Freeze() { s.do("freeze", func() error { return s.c.proc.Freeze() }) }

// Thaw ends Freeze.
func (s *Server) Thaw() { s.do("thaw", func() error { return s.c.proc.Thaw() }) }

func (s *Server) do(verb string, fn func() error) {
	s.t.Helper()
	if err := fn(); err != nil {
		s.t.Fatalf("%s Postgres: %v", verb, err)
	}
}

// Within fails the test unless cond becomes true before limit has passed. It is
// for waiting until a connection has healed.
func Within(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}
