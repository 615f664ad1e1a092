package failover

import (
	"context"
	"time"

	"home.arpa/nestbox/services/telemetry"
)

// Limiter asks its main limiter, and the one in memory while that is away.
type Limiter struct {
	main, local telemetry.Limiter
	breaker     *Breaker
}

// NewLimiter returns a Limiter over the two.
func NewLimiter(main, local telemetry.Limiter, breaker *Breaker) *Limiter {
	return &Limiter{main: main, local: local, breaker: breaker}
}

// Allow implements telemetry.Limiter.
func (l *Limiter) Allow(ctx context.Context, key string) (wait time.Duration, err error) {
	err = l.breaker.Do(func() (err error) {
		wait, err = l.main.Allow(ctx, key)
		return err
	})
	if err != nil && ctx.Err() == nil {
		return l.local.Allow(ctx, key)
	}
	return wait, err
}
