package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	goredis "github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/obs"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/redislimit"
	"home.arpa/nestbox/services/internal/platform/rds"
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
	// startAgain is how often an absent database is asked for its version.
	startAgain = time.Second
	// flushTimeout bounds the last sending of traces and metrics.
	flushTimeout = 5 * time.Second
)

func (p *program) serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve the API", Args: cobra.NoArgs,
		Long: `Serve the API until SIGTERM. Refuses to start on tables that are older than the program: run
"telemetry migrate" first. While the database is away heartbeats are answered all the same.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := defaults()
			if err := config.LoadFunc(p.getenv, prefix, &s); err != nil {
				return err
			}
			return p.serveWith(cmd.Context(), &s)
		},
	}
}

func (p *program) serveWith(ctx context.Context, s *settings) (err error) {
	o, err := obs.Setup(ctx, obs.Options{Service: "telemetry", Version: version, Getenv: p.getenv, Stderr: p.stderr})
	if err != nil {
		return err
	}
	defer func() {
		fctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		err = errors.Join(err, o.Stop(fctx))
	}()
	keys, err := auth.LoadPublicKeys(s.TokenPublicKeyFile)
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, s.config(o.Tracing))
	if err != nil {
		return err
	}
	defer db.Close()
	current := migrate.PostgresCurrent(ctx, db, postgres.Migrations)
	if current != nil && fault.KindOf(current) != fault.Unavailable {
		return current
	}
	client, err := rds.Open(rds.Config{URL: s.Redis.URL.Reveal(), Tracing: o.Tracing})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	engine := httpx.NewEngine(httpx.Options{Service: "telemetry", Logger: o.Logger, Tracing: o.Tracing, TrustedProxies: s.TrustedProxies}) //nolint:contextcheck // handlers have the context of their request
	background, err := mount(engine, s, auth.NewVerifier(keys, nil), db, client, o.Logger)                                                 //nolint:contextcheck // handlers have the context of their request
	if err != nil {
		return err
	}
	if current != nil {
		o.Logger.WarnContext(ctx, "the database is away; heartbeats are answered without it", "error", current)
		background = append(background, func(ctx context.Context) error { return awaitCurrent(ctx, db) })
	}
	// Neither is critical: heartbeats are answered without both. A service that is
	// unready gets no requests at all, and then a camera without a database would
	// be told nothing instead of 200 for its heartbeat and 503 with Retry-After for
	// its motion.
	health := httpx.NewHealth(
		httpx.Check{Name: "postgres", Probe: db.Ping},
		httpx.Check{Name: "redis", Probe: func(ctx context.Context) error { return rds.Translate(client.Ping(ctx).Err()) }},
	)
	server := &httpx.Server{
		Handler: engine, Listen: s.Listen, Ops: httpx.OpsHandler(health, o.Metrics), OpsListen: s.OpsListen,
		Health: health, Logger: o.Logger, DrainDelay: s.DrainDelay,
	}
	p.announce(server, o.Logger)
	return server.Run(ctx, background...)
}

// mount wires telemetry to Postgres and Redis and returns its background work.
func mount(engine *gin.Engine, s *settings, verifier *auth.Verifier, db *pg.DB, client *goredis.Client, log *slog.Logger) ([]func(context.Context) error, error) {
	stored := redis.NewBeats(client)
	breaker := failover.NewBreaker(stored.Ping)
	beats := failover.NewBeats(stored, breaker, nil)
	events := postgres.NewStore(db)
	live := redisstream.New(client, streamKey)
	publisher := api.NewPublisher(live, log)

	service := telemetry.NewService(telemetry.Options{
		Beats: beats, Events: events, Publisher: publisher,
		Limiter: failover.NewLimiter(
			redislimit.New(client, limitPrefix, telemetry.FloodPerSecond, telemetry.FloodBurst),
			ratelimit.NewMemory(telemetry.FloodPerSecond, telemetry.FloodBurst, time.Now), breaker),
	})
	owner := telemetry.NewID()
	sweeper := telemetry.NewSweeper(telemetry.SweeperOptions{
		Beats: beats, Events: events, Publisher: publisher, Logger: log,
		Lease: redis.NewLease(client, redis.SweeperLease, owner, redis.SweeperLeaseLife),
	})
	keeper := telemetry.NewKeeper(telemetry.KeeperOptions{
		Beats: beats, Events: events, Retention: s.retention(), Logger: log,
		Lease: redis.NewLease(client, redis.KeeperLease, owner, redis.KeeperLeaseLife),
	})
	api.Mount(engine, api.Config{Service: service, Verifier: verifier, Operators: redisauth.NewOperators(client), Stream: live})
	err := metrics.Register(metrics.Sources{
		Counts: service.Counts(), Sweeper: sweeper, Lost: publisher.Lost,
		Redis: &metrics.Redis{Away: breaker.Open, Outages: breaker.Outages, Fallbacks: beats.Fallbacks},
	})
	return []func(context.Context) error{breaker.Run, sweeper.Run, keeper.Run, publisher.Run}, err
}

// awaitCurrent checks the tables as soon as the database answers. It returns an
// error, which ends the program, when they are older than the program.
func awaitCurrent(ctx context.Context, db *pg.DB) error {
	tick := time.NewTicker(startAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := migrate.PostgresCurrent(ctx, db, postgres.Migrations); fault.KindOf(err) != fault.Unavailable && ctx.Err() == nil {
			return err
		}
	}
}

// announce logs where the server listens, and tells tests.
func (p *program) announce(server *httpx.Server, log *slog.Logger) {
	var mu sync.Mutex
	var listen, ops string
	on := func(which *string, what string) func(net.Addr) {
		return func(a net.Addr) {
			mu.Lock()
			defer mu.Unlock()
			*which = a.String()
			log.Info("listening", "address", a.String(), "for", what)
			if listen != "" && ops != "" && p.ready != nil {
				p.ready(listen, ops)
			}
		}
	}
	server.OnListen, server.OnOpsListen = on(&listen, "the API"), on(&ops, "probes and metrics")
}
