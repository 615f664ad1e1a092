package ratelimit_test

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// each runs a claim about every implementation. The rates are so slow, or the
// waits so short, that the real clock of Redis does not matter.
func each(t *testing.T, claim func(t *testing.T, newLimiter func(perSecond float64, burst int) ratelimit.Peeker)) {
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		claim(t, func(perSecond float64, burst int) ratelimit.Peeker {
			return ratelimit.NewMemory(perSecond, burst, time.Now)
		})
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		client := redistest.New(t)
		claim(t, func(perSecond float64, burst int) ratelimit.Peeker {
			return ratelimit.NewRedis(client, fmt.Sprintf("limit:%v:%d:", perSecond, burst), perSecond, burst)
		})
	})
}

func allow(t *testing.T, l ratelimit.Limiter, key string) time.Duration {
	t.Helper()
	wait, err := l.Allow(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

func peek(t *testing.T, l ratelimit.Peeker, key string) time.Duration {
	t.Helper()
	wait, err := l.Peek(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return wait
}

func TestABurstPassesAndTheNextWaits(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newLimiter func(float64, int) ratelimit.Peeker) {
		l := newLimiter(0.1, 3)
		for n := range 3 {
			if wait := peek(t, l, "a"); wait != 0 {
				t.Errorf("event %d: Peek says wait %v", n, wait)
			}
			if wait := allow(t, l, "a"); wait != 0 {
				t.Errorf("event %d must wait %v", n, wait)
			}
		}
		for range 5 { // a refused event is not counted
			for _, wait := range []time.Duration{allow(t, l, "a"), peek(t, l, "a")} {
				if wait > 10*time.Second || wait < 8*time.Second {
					t.Errorf("wait is %v, want about 10s", wait)
				}
			}
		}
		if wait := allow(t, l, "b"); wait != 0 {
			t.Errorf("another key must wait %v", wait)
		}
	})
}

func TestAfterTheWaitItIsAllowed(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newLimiter func(float64, int) ratelimit.Peeker) {
		l := newLimiter(20, 1)
		if wait := allow(t, l, "a"); wait != 0 {
			t.Fatalf("the first must wait %v", wait)
		}
		wait := allow(t, l, "a")
		if wait <= 0 || wait > 50*time.Millisecond {
			t.Fatalf("wait is %v, want at most 50ms", wait)
		}
		<-time.After(wait)
		if wait := allow(t, l, "a"); wait != 0 {
			t.Errorf("after the wait it must wait %v more", wait)
		}
	})
}

func TestTogetherTheyGetOneBurst(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, newLimiter func(float64, int) ratelimit.Peeker) {
		l := newLimiter(0.01, 50)
		var allowed atomic.Int64
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 20 {
					wait, err := l.Allow(t.Context(), "a")
					if err != nil {
						t.Error(err)
					}
					if wait == 0 {
						allowed.Add(1)
					}
				}
			})
		}
		wg.Wait()
		if allowed.Load() != 50 {
			t.Errorf("%d were allowed, want 50", allowed.Load())
		}
	})
}

func TestMemoryRefillsAtTheRate(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	l := ratelimit.NewMemory(2, 4, func() time.Time { return now })
	passed := 0
	for range 1000 { // 10 s in steps of 10 ms
		if allow(t, l, "a") == 0 {
			passed++
		}
		now = now.Add(10 * time.Millisecond)
	}
	if passed != 4+19 {
		t.Errorf("%d passed in 10 s, want the burst of 4 and 2 a second", passed)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	l := ratelimit.NewMemory(0.001, 1, func() time.Time { return now })
	for n := range 50_000 {
		allow(t, l, strconv.Itoa(n))
	}
	if allow(t, l, "49999") == 0 {
		t.Error("the newest key was forgotten")
	}
}

func TestRedisForgetsWhatIsFullAndSurvivesAClockSetBack(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	l := ratelimit.NewRedis(client, "limit:", 0.1, 2)
	allow(t, l, "a")
	if ttl := client.PTTL(t.Context(), "limit:a").Val(); ttl <= 9*time.Second || ttl > 10*time.Second {
		t.Errorf("the key is kept for %v, want 10s", ttl)
	}
	// As if written by a clock that was ahead by an hour.
	ahead := time.Now().Add(time.Hour).UnixMicro()
	if err := client.Set(t.Context(), "limit:a", ahead, time.Hour).Err(); err != nil {
		t.Fatal(err)
	}
	if wait := peek(t, l, "a"); wait > 10*time.Second {
		t.Errorf("the key must wait %v, want at most 10s", wait)
	}
}

func TestWithoutRedisTheFallbackLimits(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	first := ratelimit.NewRedis(server.Client(), "limit:", 0.01, 1)
	l := ratelimit.WithFallback(first, ratelimit.NewMemory(0.01, 1, time.Now))
	server.Kill()
	if _, err := first.Allow(t.Context(), "a"); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("without Redis: %v", err)
	}
	if wait := allow(t, l, "a"); wait != 0 {
		t.Errorf("the first must wait %v", wait)
	}
	if allow(t, l, "a") == 0 || peek(t, l, "a") == 0 {
		t.Error("the fallback does not limit")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := first.Allow(ctx, "a"); err == nil {
		t.Error("a cancelled caller got an answer")
	}
}
