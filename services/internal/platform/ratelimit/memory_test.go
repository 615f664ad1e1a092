package ratelimit_test

import (
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/limitertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	limitertest.Exercise(t, func(_ *testing.T, perSecond float64, burst int) ratelimit.Peeker {
		return ratelimit.NewMemory(perSecond, burst, time.Now)
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
