// Package redislimit is a ratelimit.Peeker in Redis, for services that run as
// several processes.
package redislimit

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/rds"
)

// take is the arithmetic of ratelimit.Memory, inside Redis and by its clock, in integer
// microseconds: a double holds those exactly until the year 2255.
//
// It is ours and not the one of redis_rate because that one cannot be asked
// without counting, and because the clock of a Pi jumps: a time that was
// written before the clock was set back would refuse a key for years. Here it
// is at most a full window ahead.
var take = redis.NewScript(`
local interval, window, count = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local full = tonumber(redis.call('GET', KEYS[1]) or now)
full = math.min(math.max(full, now), now + window)
local wait = full + interval - window - now
if wait > 0 then
	return wait
end
if count > 0 then
	full = full + interval
	redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000))
end
return 0
`)

// Limiter is shared by all processes with the same Redis and prefix.
type Limiter struct {
	rule   ratelimit.Rule
	client *redis.Client
	prefix string
}

// New allows perSecond events a second for each key and burst at once. A
// key is kept at prefix+key until its bucket is full again. The client stays
// the caller's.
func New(client *redis.Client, prefix string, perSecond float64, burst int) *Limiter {
	return &Limiter{rule: ratelimit.NewRule(perSecond, burst), client: client, prefix: prefix}
}

// Allow implements ratelimit.Limiter.
func (l *Limiter) Allow(ctx context.Context, key string) (time.Duration, error) {
	return l.ask(ctx, key, 1)
}

// Peek implements ratelimit.Peeker.
func (l *Limiter) Peek(ctx context.Context, key string) (time.Duration, error) {
	return l.ask(ctx, key, 0)
}

func (l *Limiter) ask(ctx context.Context, key string, count int) (time.Duration, error) {
	wait, err := take.Run(ctx, l.client, []string{l.prefix + key},
		l.rule.Interval.Microseconds(), l.rule.Window.Microseconds(), count).Int64()
	if err != nil {
		return 0, rds.Translate(fmt.Errorf("limit the rate of %s: %w", l.prefix, err))
	}
	return time.Duration(wait) * time.Microsecond, nil
}
