package main

import (
	"context"
	"errors"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/redislimit"
	"home.arpa/nestbox/services/internal/platform/stream/redisstream"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/api"
	"home.arpa/nestbox/services/telemetry/failover"
	"home.arpa/nestbox/services/telemetry/metrics"
	"home.arpa/nestbox/services/telemetry/postgres"
	"home.arpa/nestbox/services/telemetry/redis"
)

const (
	// streamKey is the event stream that all services share.
	streamKey = "nestbox:stream"
	// limitPrefix is of the keys of the flood limiter.
	limitPrefix = "nestbox:limit:motion:"
)

const serveHelp = `Serve the API until SIGTERM. Refuses to start on tables that are older than the program: run
"telemetry migrate" first. While the database is away heartbeats are answered all the same.`

func serve(ctx context.Context, p *program.Program) (err error) {
	s := defaults()
	if err := config.LoadFunc(p.Getenv, prefix, &s); err != nil {
		return err
	}
	b, err := p.Open(ctx, &s.Settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close(ctx)) }()
	keys, err := auth.LoadPublicKeys(s.TokenPublicKeyFile)
	if err != nil {
		return err
	}
	tables := func(ctx context.Context) error { return migrate.PostgresCurrent(ctx, b.DB, postgres.Migrations) }
	current := tables(ctx)
	if current != nil && fault.KindOf(current) != fault.Unavailable {
		return current
	}

	engine := b.NewEngine()                                                         //nolint:contextcheck // handlers have the context of their request
	background, err := mount(engine, b, auth.NewVerifier(keys, nil), s.retention()) //nolint:contextcheck // handlers have the context of their request
	if err != nil {
		return err
	}
	if current != nil {
		b.Log.WarnContext(ctx, "the database is away; heartbeats are answered without it", "error", current)
		background = append(background, func(ctx context.Context) error { return program.Await(ctx, tables, func(error) {}) })
	}
	// Neither is critical: heartbeats are answered without both. A service that is
	// unready gets no requests at all, and then a camera without a database would
	// be told nothing instead of 200 for its heartbeat and 503 with Retry-After for
	// its motion.
	checks := []httpx.Check{
		{Name: "postgres", Probe: b.DB.Ping},
		{Name: "redis", Probe: b.PingRedis},
	}
	return b.Serve(ctx, engine, checks, background...)
}

// mount wires telemetry to Postgres and Redis and returns its background work.
func mount(engine *gin.Engine, b *program.Base, verifier *auth.Verifier, retention time.Duration) ([]func(context.Context) error, error) {
	stored := redis.NewBeats(b.Redis)
	breaker := failover.NewBreaker(stored.Ping)
	beats := failover.NewBeats(stored, breaker, nil)
	events := postgres.NewStore(b.DB)
	live := redisstream.New(b.Redis, streamKey)
	publisher := api.NewPublisher(live, b.Log)

	service := telemetry.NewService(telemetry.Options{
		Beats: beats, Events: events, Publisher: publisher,
		Limiter: failover.NewLimiter(
			redislimit.New(b.Redis, limitPrefix, telemetry.FloodPerSecond, telemetry.FloodBurst),
			ratelimit.NewMemory(telemetry.FloodPerSecond, telemetry.FloodBurst, time.Now), breaker),
	})
	owner := telemetry.NewID()
	sweeper := telemetry.NewSweeper(telemetry.SweeperOptions{
		Beats: beats, Events: events, Publisher: publisher, Logger: b.Log,
		Lease: redis.NewLease(b.Redis, redis.SweeperLease, owner, redis.SweeperLeaseLife),
	})
	keeper := telemetry.NewKeeper(telemetry.KeeperOptions{
		Beats: beats, Events: events, Retention: retention, Logger: b.Log,
		Lease: redis.NewLease(b.Redis, redis.KeeperLease, owner, redis.KeeperLeaseLife),
	})
	api.Mount(engine, api.Config{Service: service, Verifier: verifier, Operators: redisauth.NewOperators(b.Redis), Stream: live})
	err := metrics.Register(metrics.Sources{
		Counts: service.Counts(), Sweeper: sweeper, Lost: publisher.Lost,
		Redis: &metrics.Redis{Away: breaker.Open, Outages: breaker.Outages, Fallbacks: beats.Fallbacks},
	})
	return []func(context.Context) error{breaker.Run, sweeper.Run, keeper.Run, publisher.Run}, err
}
