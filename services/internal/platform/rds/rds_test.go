package rds_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// unavailableWithin fails the test unless the command fails in time, as
// Unavailable.
func unavailableWithin(t *testing.T, limit time.Duration, fn func() error) {
	t.Helper()
	start := time.Now()
	err := rds.Translate(fn())
	took := time.Since(start)
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("error is %v, want unavailable", err)
	}
	var f *fault.Error
	if errors.As(err, &f) && f.RetryAfter <= 0 {
		t.Error("no advice when to try again")
	}
	if took > limit {
		t.Errorf("it took %v, want at most %v", took, limit)
	}
	t.Logf("%v: %v", took.Round(time.Millisecond), err)
}

func heals(t *testing.T, client *redis.Client, limit time.Duration) {
	t.Helper()
	start := time.Now()
	for client.Ping(t.Context()).Err() != nil {
		if time.Since(start) > limit {
			t.Fatalf("no answer %v after the server was back", limit)
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Logf("healed in %v", time.Since(start).Round(time.Millisecond))
}

// limit is Timeout with room for a busy machine. By itself go-redis waits 3 s and
// more.
const limit = rds.Timeout + time.Second

func TestAFrozenServerIsUnavailableInTime(t *testing.T) {
	t.Parallel()
	s := redistest.StartServer(t)
	known, fresh := s.Client(), s.Client()
	if err := known.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	for range 3 { // the first has a connection, the others greet anew
		unavailableWithin(t, limit, func() error { return known.HGetAll(t.Context(), "k").Err() })
	}
	unavailableWithin(t, limit, func() error { return fresh.Get(t.Context(), "k").Err() })
	unavailableWithin(t, limit, func() error {
		_, err := known.Pipelined(t.Context(), func(p redis.Pipeliner) error { p.Get(t.Context(), "a"); p.Get(t.Context(), "b"); return nil })
		return err
	})
	s.Thaw()
	heals(t, known, 30*time.Second)
	heals(t, fresh, 30*time.Second)
}

func TestAKilledServerIsUnavailableAtOnceAndHeals(t *testing.T) {
	t.Parallel()
	s := redistest.StartServer(t)
	client := s.Client()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Kill()
	for range 100 { // more than the pool is large
		start := time.Now()
		err := rds.Translate(client.Get(t.Context(), "k").Err())
		if fault.KindOf(err) != fault.Unavailable || time.Since(start) > limit {
			t.Fatalf("after %v: %v", time.Since(start), err)
		}
	}
	unavailableWithin(t, rds.Timeout, func() error { return client.Get(t.Context(), "k").Err() })
	s.Start()
	heals(t, client, 200*time.Millisecond)
}

func TestAStoppedServerHealsWithoutAFailedCommand(t *testing.T) {
	t.Parallel()
	s := redistest.StartServer(t)
	client := s.Client()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	s.Start()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("a connection of the old server was used: %v", err)
	}
}

func TestASubscriptionHeals(t *testing.T) {
	t.Parallel()
	s := redistest.StartServer(t)
	client := s.Client()
	sub := client.Subscribe(t.Context(), "nestbox:commands")
	t.Cleanup(func() { _ = sub.Close() })
	messages := sub.Channel()
	hears := func(what string) {
		t.Helper()
		start := time.Now()
		for time.Since(start) < 30*time.Second {
			_ = client.Publish(t.Context(), "nestbox:commands", what).Err()
			select {
			case m := <-messages:
				if m.Payload == what {
					t.Logf("%s after %v", what, time.Since(start).Round(time.Millisecond))
					return
				}
			case <-time.After(20 * time.Millisecond):
			}
		}
		t.Fatalf("nothing heard: %s", what)
	}
	hears("at the start")
	s.Kill()
	if err := client.Ping(t.Context()).Err(); err == nil {
		t.Fatal("a killed server answers")
	}
	s.Start()
	hears("after a kill")
	s.Freeze()
	s.Thaw()
	hears("after a freeze")
}

func TestAnswersAreNotFailures(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	if err := rds.Translate(client.Get(t.Context(), "k").Err()); !errors.Is(err, redis.Nil) {
		t.Errorf("a key that is not there: %v", err)
	}
	client.Set(t.Context(), "k", "text", 0)
	if err := rds.Translate(client.HGetAll(t.Context(), "k").Err()); err == nil || fault.KindOf(err) != fault.Internal {
		t.Errorf("a key of the wrong type: %v", err)
	}
	if err := client.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if err := rds.Translate(client.Set(t.Context(), "k2", "text", 0).Err()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("a full server: %v", err)
	}
}

func TestABadURLIsReportedWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "localhost:6379", "redis://:s3cret@host:port/0", "http://:s3cret@host", "redis://:s3cret@host/x"} {
		client, err := rds.Open(rds.Config{URL: url})
		if err == nil {
			_ = client.Close()
			t.Errorf("%q was taken", url)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the password is in the error: %v", url, err)
		}
	}
}
