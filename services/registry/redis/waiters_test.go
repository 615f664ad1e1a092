package redis_test

import (
	"context"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/registry/redis"
)

// run starts a notifier of another process, waits until it hears, and stops it
// with the test.
func run(t *testing.T, s *redistest.Server) *redis.Waiters {
	t.Helper()
	w := redis.NewWaiters(s.Client())
	subscribed, stop := w.Listen("everyone")
	defer stop()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	// Reachable comes a moment before all are woken; a wake-up that comes after that
	// must not be taken for the one that a test waits for.
	if !woken(subscribed, 30*time.Second) {
		t.Fatal("not subscribed")
	}
	return w
}

func within(t *testing.T, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
		select {
		case <-time.After(5 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

func woken(c <-chan struct{}, limit time.Duration) bool {
	select {
	case <-c:
		return true
	case <-time.After(limit):
		return false
	}
}

func TestNotifyReachesOtherProcesses(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	here, there := run(t, server), run(t, server)

	mine, stop := there.Listen(front)
	defer stop()
	other, stopOther := there.Listen("24:6F:28:AA:BB:02")
	defer stopOther()
	start := time.Now()
	if err := here.Notify(t.Context(), front); err != nil {
		t.Fatal(err)
	}
	if !woken(mine, 30*time.Second) {
		t.Fatal("not woken")
	}
	t.Logf("woken after %v", time.Since(start))
	if woken(other, 20*time.Millisecond) {
		t.Error("another device was woken")
	}
}

func TestOutageIsNoticedAndHeals(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	w := run(t, server)
	c, stop := w.Listen(front)
	defer stop()

	server.Kill()
	if !woken(c, 30*time.Second) {
		t.Error("those who wait were not told that Redis is gone")
	}
	within(t, 30*time.Second, "outage noticed", func() bool { return !w.Reachable() })
	// In the same process a call arrives all the same.
	if err := w.Notify(t.Context(), front); err == nil {
		t.Error("no error while Redis is away")
	}
	if !woken(c, 30*time.Second) {
		t.Error("not woken by its own process")
	}

	server.Start()
	within(t, 30*time.Second, "healed", w.Reachable)
	if !woken(c, 30*time.Second) {
		t.Error("those who wait were not woken after the gap")
	}
}

// TestSilentServerIsNoticed cuts the cable: no connection is closed, nothing
// answers.
func TestSilentServerIsNoticed(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	w := run(t, server)
	server.Freeze()
	defer server.Thaw()
	within(t, 30*time.Second, "silence noticed", func() bool { return !w.Reachable() })
}
