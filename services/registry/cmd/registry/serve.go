package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/auth"
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
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/api"
	"home.arpa/nestbox/services/registry/argon2id"
	"home.arpa/nestbox/services/registry/postgres"
	"home.arpa/nestbox/services/registry/redis"
)

const (
	// streamKey is the event stream that all services share.
	streamKey = "nestbox:stream"
	// startAgain is how often an absent database is asked for at the start.
	startAgain = time.Second
	// flushTimeout bounds the last sending of traces and metrics.
	flushTimeout = 5 * time.Second
)

func (p *program) serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve the API", Args: cobra.NoArgs,
		Long: `Serve the API until SIGTERM. Refuses to start on tables that are older than the program: run
"registry migrate" first. At the first start the password of the operator "admin" is printed once,
unless REGISTRY_ADMIN_PASSWORD gives it.`,
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
	o, err := obs.Setup(ctx, obs.Options{Service: "registry", Version: version, Getenv: p.getenv, Stderr: p.stderr})
	if err != nil {
		return err
	}
	defer func() {
		fctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		err = errors.Join(err, o.Stop(fctx))
	}()
	key, err := auth.LoadOrCreateKey(s.TokenKeyFile)
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, s.postgres(o.Tracing))
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := rds.Open(rds.Config{URL: s.Redis.URL.Reveal(), Tracing: o.Tracing})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()

	waiters := redis.NewWaiters(client)
	service, err := newService(s, db, client, waiters, key, o.Logger)
	if err != nil {
		return err
	}
	if err := p.prepare(ctx, db, service, s.AdminPassword.Reveal(), o.Logger); err != nil {
		return err
	}

	engine := httpx.NewEngine(httpx.Options{Service: "registry", Logger: o.Logger, Tracing: o.Tracing, TrustedProxies: s.TrustedProxies}) //nolint:contextcheck // handlers have the context of their request
	public, _ := key.Public().(ed25519.PublicKey)
	api.Mount(engine, api.Config{Service: service, Verifier: auth.NewVerifier([]ed25519.PublicKey{public}, nil)}) //nolint:contextcheck // handlers have the context of their request
	health := httpx.NewHealth(
		httpx.Check{Name: "postgres", Critical: true, Probe: db.Ping},
		// Without Redis the registry answers; changes reach the others when it is back.
		httpx.Check{Name: "redis", Probe: func(ctx context.Context) error { return rds.Translate(client.Ping(ctx).Err()) }},
	)
	server := &httpx.Server{
		Handler: engine, Listen: s.Listen, Ops: httpx.OpsHandler(health, o.Metrics), OpsListen: s.OpsListen,
		Health: health, Logger: o.Logger, DrainDelay: s.DrainDelay,
	}
	p.announce(server, o.Logger)
	return server.Run(ctx, waiters.Run, service.Publish, service.Sweep)
}

// newService wires the rules to Postgres and Redis.
func newService(s *settings, db *pg.DB, client *goredis.Client, waiters *redis.Waiters, key ed25519.PrivateKey, log *slog.Logger) (*registry.Service, error) {
	// Shared by all processes; while Redis is away each counts for itself.
	limit := func(name string, r registry.Rate) ratelimit.Peeker {
		return ratelimit.WithFallback(
			redislimit.New(client, "nestbox:limit:"+name+":", r.PerSecond, r.Burst),
			ratelimit.NewMemory(r.PerSecond, r.Burst, time.Now))
	}
	return registry.NewService(registry.Options{
		Store: postgres.NewStore(db), Publisher: redis.NewPublisher(client, nil), Notifier: waiters,
		Passwords: argon2id.New(), Signer: auth.NewSigner(key), Enrolment: s.policy(),
		Limits: registry.Limits{
			Enrolment:  limit("enrolment", registry.RateEnrolment),
			Login:      limit("login", registry.RateLogin),
			LoginTotal: limit("login_total", registry.RateLoginTotal),
		},
		Events: redisstream.New(client, streamKey), Logger: log,
	})
}

// prepare waits for the database, checks the tables and sees to it that there is
// an operator.
func (p *program) prepare(ctx context.Context, db *pg.DB, service *registry.Service, password string, log *slog.Logger) error {
	var generated string
	try := func() (err error) {
		if err = migrate.PostgresCurrent(ctx, db, postgres.Migrations); err == nil {
			generated, err = service.EnsureAdmin(ctx, password)
		}
		return err
	}
	for told := false; ; told = true {
		err := try()
		if fault.KindOf(err) != fault.Unavailable {
			if err == nil && generated != "" {
				_, err = fmt.Fprintf(p.stdout, "The operator is \"%s\", the password is %s\nIt is shown this once. Change it after the first login.\n", registry.AdminName, generated)
			}
			return err
		}
		if !told {
			log.WarnContext(ctx, "waiting for the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(startAgain):
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
