package redislimit_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/limitertest"
	"home.arpa/nestbox/services/internal/platform/ratelimit/redislimit"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLimiter(t *testing.T) {
	t.Parallel()
	limitertest.Exercise(t, func(t *testing.T, perSecond float64, burst int) ratelimit.Peeker {
		return redislimit.New(redistest.New(t), "limit:", perSecond, burst)
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

func TestRedisForgetsWhatIsFullAndSurvivesAClockSetBack(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	l := redislimit.New(client, "limit:", 0.1, 2)
	allow(t, l, "a")
	if ttl := client.PTTL(t.Context(), "limit:a").Val(); ttl <= 5*time.Second || ttl > 10*time.Second {
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
	first := redislimit.New(server.Client(), "limit:", 0.01, 1)
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
