// Package limitertest is what every ratelimit.Peeker must do.
package limitertest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/ratelimit"
)

type newFunc = func(t *testing.T, perSecond float64, burst int) ratelimit.Peeker

// Exercise runs every claim of the contract against limiters that newLimiter
// makes, each without a past. They go by the real clock: the rates are so slow,
// or the waits so short, that it does not matter.
func Exercise(t *testing.T, newLimiter newFunc) {
	for name, claim := range map[string]func(*testing.T, newFunc){
		"a burst passes and the next waits": aBurstPassesAndTheNextWaits,
		"after the wait it is allowed":      afterTheWaitItIsAllowed,
		"together they get one burst":       togetherTheyGetOneBurst,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claim(t, newLimiter)
		})
	}
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

func aBurstPassesAndTheNextWaits(t *testing.T, newLimiter newFunc) {
	l := newLimiter(t, 0.1, 3)
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
}

func afterTheWaitItIsAllowed(t *testing.T, newLimiter newFunc) {
	l := newLimiter(t, 1, 1)
	if wait := allow(t, l, "a"); wait != 0 {
		t.Fatalf("the first must wait %v", wait)
	}
	wait := allow(t, l, "a")
	if wait <= 0 || wait > time.Second {
		t.Fatalf("wait is %v, want at most 1s", wait)
	}
	<-time.After(wait)
	if wait := allow(t, l, "a"); wait != 0 {
		t.Errorf("after the wait it must wait %v more", wait)
	}
}

func togetherTheyGetOneBurst(t *testing.T, newLimiter newFunc) {
	l := newLimiter(t, 0.01, 50)
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
}
