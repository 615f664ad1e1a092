package main

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TestHeartbeatsMakeNoTransaction lets the service live twice with all of its
// background work, once for one heartbeat and once for 10,000 more, and compares
// what Postgres itself counted.
func TestHeartbeatsMakeNoTransaction(t *testing.T) { //nolint:paralleltest // see serve_test.go
	s := newService(t)
	if code, _, stderr := command(t, s.env, "migrate"); code != 0 {
		t.Fatal(stderr)
	}
	s.publish()
	counter := newCounter(s)
	const more, cameras = 10_000, 4
	life := func(beats int) (counted transactions, took time.Duration) {
		t.Helper()
		before := counter.read()
		s.start()
		s.want(s.beat(), http.StatusOK)
		s.eventually("the camera is online", func() bool {
			return s.metric(`nestbox_telemetry_devices\{[^}]*state="online"[^}]*\}`) == "1"
		})
		began := time.Now()
		var sending sync.WaitGroup
		for range cameras {
			sending.Go(func() {
				for range beats / cameras {
					if a := s.beat(); a.status != http.StatusOK {
						t.Errorf("status %d: %s", a.status, a.body)
						return
					}
				}
			})
		}
		sending.Wait()
		took = time.Since(began)
		s.stop()
		after := counter.read()
		return transactions{after.all - before.all, after.rows - before.rows}, took
	}
	life(0) // the camera's first: a row, a boot and two events
	without, _ := life(0)
	with, took := life(more)
	t.Logf("a life without: %+v; with %d heartbeats in %v: %+v", without, more, took.Round(time.Millisecond), with)
	if with.rows > without.rows {
		t.Errorf("the heartbeats changed %d rows", with.rows-without.rows)
	}
	// The keeper asks for the ids of devices every 10 s, the sweeper for the rows of
	// presence once a minute, each after a ping of the connection that was idle; start
	// and stop fall where they fall.
	if extra, background := with.all-without.all, 2*int64(took/(10*time.Second)+took/time.Minute)+3; extra > background {
		t.Errorf("%d transactions more than without the heartbeats; the background makes %d at most", extra, background)
	}
}

// transactions are those of a database, and the rows that they changed.
type transactions struct{ all, rows int64 }

// counter reads pg_stat_database from another database, so that it does not
// count itself.
type counter struct {
	s    *service
	conn *pgx.Conn
}

func newCounter(s *service) *counter {
	s.t.Helper()
	cfg, err := pgx.ParseConfig(s.env["TELEMETRY_PG_URL"])
	if err != nil {
		s.t.Fatal(err)
	}
	cfg.Database = "template1"
	conn, err := pgx.ConnectConfig(s.t.Context(), cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(s.t.Context())) })
	for _, statement := range []string{"ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"} {
		if _, err := conn.Exec(s.t.Context(), statement); err != nil {
			s.t.Fatal(err)
		}
	}
	return &counter{s, conn}
}

// read waits until nobody is connected: a session reports what it did at its
// end at the latest.
func (c *counter) read() (n transactions) {
	c.s.t.Helper()
	c.s.eventually("the service's sessions end", func() bool {
		var sessions int
		err := c.conn.QueryRow(c.s.t.Context(),
			`SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres'`).Scan(&sessions)
		if err != nil {
			c.s.t.Fatal(err)
		}
		return sessions == 0
	})
	err := c.conn.QueryRow(c.s.t.Context(), `SELECT xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted
		FROM pg_stat_database WHERE datname = 'postgres'`).Scan(&n.all, &n.rows)
	if err != nil {
		c.s.t.Fatal(err)
	}
	return n
}
