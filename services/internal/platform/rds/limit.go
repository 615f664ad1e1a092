package rds

import (
	"context"
	"net"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// limit is the hook that gives each command its time limit and counts the
// commands that failed because Redis is away. The time-outs of go-redis are
// those of single steps: a slow dial and a slow greeting would add up.
type limit struct{ failures metric.Int64Counter }

func newLimit() (*limit, error) {
	counter, err := otel.Meter("home.arpa/nestbox/services/internal/platform/rds").Int64Counter(
		"nestbox.redis.failures",
		metric.WithDescription("Commands that failed because Redis was out of reach, too slow or unable to serve."),
		metric.WithUnit("{command}"))
	return &limit{failures: counter}, err
}

// DialHook implements redis.Hook.
func (l *limit) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

// ProcessHook implements redis.Hook.
func (l *limit) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		ctx, cancel := context.WithTimeout(ctx, Timeout)
		defer cancel()
		return l.count(ctx, cmd, next(ctx, cmd))
	}
}

// ProcessPipelineHook implements redis.Hook.
func (l *limit) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		ctx, cancel := context.WithTimeout(ctx, Timeout)
		defer cancel()
		return l.count(ctx, cmds[0], next(ctx, cmds)) // go-redis sends no empty pipeline
	}
}

func (l *limit) count(ctx context.Context, first redis.Cmder, err error) error {
	reason := failure(err)
	if reason == "" {
		return err
	}
	switch first.Name() {
	case "hello", "auth", "select":
		// go-redis sends these itself, on a new connection for another command,
		// which then fails and is counted.
		return err
	}
	l.failures.Add(context.WithoutCancel(ctx), 1, metric.WithAttributes(attribute.String("error.type", reason)))
	return err
}
