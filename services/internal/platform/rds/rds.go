// Package rds opens a Redis client that gives up quickly. Redis is a helper in
// Nestbox: when it is away a service answers all the same, so a command may
// cost a request at most Timeout.
//
// It owns the options, the time limit, the metrics and the translation of
// failures. It refuses to know any key.
package rds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Timeout bounds one command or one pipeline: waiting for a connection,
// connecting and the answer together. Redis on the same network answers in
// well under a millisecond.
const Timeout = 300 * time.Millisecond

// bufferSize is that of a connection's two buffers, in bytes. Our commands are
// a few hundred bytes; the default of 32 KiB would be 2.5 MB for 40 connections.
const bufferSize = 4 << 10

// Config says which Redis to use. The zero value is not usable.
type Config struct {
	// URL is redis://[user:password@]host:port/db, rediss:// for TLS or
	// unix:///path. It may hold a password, so it must not be logged.
	URL string
	// Tracing adds a span for each command: its name, not its arguments, which
	// hold device ids and hashes of credentials.
	Tracing bool
}

// Open returns a client. It reports a URL that cannot be right, and connects
// only when first used. The caller closes the client.
//
// Commands that block on purpose (XREAD BLOCK, BLPOP) do not belong on it: they
// end after Timeout like every other. Subscribe (pub/sub) is not limited, and
// heals by itself.
func Open(cfg Config) (*redis.Client, error) {
	opts, err := redis.ParseURL(cfg.URL)
	if err != nil {
		var urlErr *url.Error
		if errors.As(err, &urlErr) {
			err = urlErr.Err // without the URL, which may hold a password
		}
		return nil, fmt.Errorf("parse Redis URL: %w", err)
	}
	opts.DialTimeout = Timeout
	opts.ReadTimeout = Timeout
	opts.WriteTimeout = Timeout
	opts.PoolTimeout = Timeout
	opts.ContextTimeoutEnabled = true
	// No retries: they multiply the time limit, and the services have a way to
	// go on without Redis.
	opts.MaxRetries = -1
	opts.DialerRetries = 1
	opts.ReadBufferSize = bufferSize
	opts.WriteBufferSize = bufferSize
	opts.ConnMaxIdleTime = 5 * time.Minute
	// Both are round trips at every connect, for servers that we do not use.
	opts.DisableIdentity = true
	opts.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	opts.Dialer = dialer(opts)

	client := redis.NewClient(opts)
	if err := instrument(client, cfg.Tracing); err != nil {
		return nil, errors.Join(fmt.Errorf("instrument Redis client: %w", err), client.Close())
	}
	return client, nil
}

func instrument(client *redis.Client, tracing bool) error {
	if tracing {
		// Dials happen in the background, outside of any trace; each would be one.
		if err := redisotel.InstrumentTracing(client, redisotel.WithDialFilter(true),
			redisotel.WithDBStatement(false), redisotel.WithCallerEnabled(false)); err != nil {
			return err
		}
	}
	if err := redisotel.InstrumentMetrics(client); err != nil {
		return err
	}
	hook, err := newLimit()
	if err != nil {
		return err
	}
	client.AddHook(hook)
	return nil
}

// quiet sends go-redis's own messages, which it writes to stderr as plain text
// at each failed dial, to the debug level of our log.
type quiet struct{}

func (quiet) Printf(ctx context.Context, format string, v ...any) {
	if l := slog.Default(); l.Enabled(ctx, slog.LevelDebug) {
		l.DebugContext(ctx, fmt.Sprintf(format, v...))
	}
}

func init() { redis.SetLogger(quiet{}) }
