// Package ratelimit says whether a key may do something once more now, by the
// generic cell rate algorithm (GCRA): a bucket that holds burst events and is
// refilled at a steady rate, kept as one time per key.
//
// It owns the arithmetic and where the times are kept. It refuses to know what
// the keys are; whoever limits IPv6 clients should use their /64 as the key,
// since one client has that many addresses.
//
// Memory is here; the one for several processes is in package redislimit, so
// that the hub does not link the client of Redis. Both pass limitertest.Exercise.
package ratelimit

import (
	"context"
	"errors"
	"math"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Limiter is safe for concurrent use.
type Limiter interface {
	// Allow counts one event of key. 0 means that it is allowed; otherwise it is
	// not, was not counted, and would be after retryAfter (> 0) at the earliest.
	// fault.Unavailable when the limiter's server is away; the caller decides
	// what that means for it.
	Allow(ctx context.Context, key string) (retryAfter time.Duration, err error)
}

// Peeker is a Limiter that can also tell without counting: for a guard that
// counts only failures, and refuses before it looks whether this is one.
type Peeker interface {
	Limiter
	// Peek returns what Allow would, and changes nothing.
	Peek(ctx context.Context, key string) (retryAfter time.Duration, err error)
}

// Rule is what the implementations compute with.
type Rule struct {
	Interval time.Duration // between two events at the steady rate
	Window   time.Duration // Interval * burst: how long an empty bucket takes to fill
}

// NewRule panics when the numbers make no limit: they are constants or checked
// configuration.
func NewRule(perSecond float64, burst int) Rule {
	interval := time.Duration(math.Round(float64(time.Second) / perSecond))
	if perSecond <= 0 || interval < time.Microsecond || burst < 1 || interval > math.MaxInt64/time.Duration(burst) {
		panic("ratelimit: the rate must be more than 0 and at most 1e6 per second, the burst at least 1")
	}
	return Rule{Interval: interval, Window: interval * time.Duration(burst)}
}

// WithFallback returns a limiter that asks second while first is unavailable,
// so that an outage neither stops devices nor takes the limit away.
func WithFallback(first, second Peeker) Peeker { return fallback{first, second} }

type fallback struct{ first, second Peeker }

func (f fallback) Allow(ctx context.Context, key string) (time.Duration, error) {
	wait, err := f.first.Allow(ctx, key)
	if isAway(err) {
		return f.second.Allow(ctx, key)
	}
	return wait, err
}

func (f fallback) Peek(ctx context.Context, key string) (time.Duration, error) {
	wait, err := f.first.Peek(ctx, key)
	if isAway(err) {
		return f.second.Peek(ctx, key)
	}
	return wait, err
}

func isAway(err error) bool {
	return err != nil && !errors.Is(err, context.Canceled) && fault.KindOf(err) == fault.Unavailable
}
