package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/redislimit"
	"home.arpa/nestbox/services/internal/platform/stream/redisstream"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/api"
	"home.arpa/nestbox/services/registry/argon2id"
	"home.arpa/nestbox/services/registry/postgres"
	"home.arpa/nestbox/services/registry/redis"
)

// streamKey is the event stream that all services share.
const streamKey = "nestbox:stream"

const serveHelp = `Serve the API until SIGTERM. Refuses to start on tables that are older than the program: run
"registry migrate" first. At the first start the password of the operator "admin" is printed once,
unless REGISTRY_ADMIN_PASSWORD gives it.`

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
	key, err := auth.LoadOrCreateKey(s.TokenKeyFile)
	if err != nil {
		return err
	}

	waiters := redis.NewWaiters(b.Redis)
	service, err := newService(s.policy(), b.DB, b.Redis, waiters, key, b.Log)
	if err != nil {
		return err
	}
	if err := prepare(ctx, b, service, s.AdminPassword.Reveal(), p.Stdout); err != nil {
		return err
	}

	engine := b.NewEngine() //nolint:contextcheck // handlers have the context of their request
	public, _ := key.Public().(ed25519.PublicKey)
	api.Mount(engine, api.Config{Service: service, Verifier: auth.NewVerifier([]ed25519.PublicKey{public}, nil)}) //nolint:contextcheck // handlers have the context of their request
	checks := []httpx.Check{
		{Name: "postgres", Critical: true, Probe: b.DB.Ping},
		// Without Redis the registry answers; changes reach the others when it is back.
		{Name: "redis", Probe: b.PingRedis},
	}
	return b.Serve(ctx, engine, checks, waiters.Run, service.Publish, service.Sweep)
}

// newService wires the rules to Postgres and Redis.
func newService(enrolment registry.Policy, db *pg.DB, client *goredis.Client, waiters *redis.Waiters, key ed25519.PrivateKey, log *slog.Logger) (*registry.Service, error) {
	// Shared by all processes; while Redis is away each counts for itself.
	limit := func(name string, r registry.Rate) ratelimit.Peeker {
		return ratelimit.WithFallback(
			redislimit.New(client, "nestbox:limit:"+name+":", r.PerSecond, r.Burst),
			ratelimit.NewMemory(r.PerSecond, r.Burst, time.Now))
	}
	return registry.NewService(registry.Options{
		Store: postgres.NewStore(db), Publisher: redis.NewPublisher(client, nil), Notifier: waiters,
		Passwords: argon2id.New(), Signer: auth.NewSigner(key), Enrolment: enrolment,
		Limits: registry.Limits{
			Enrolment:  limit("enrolment", registry.RateEnrolment),
			Login:      limit("login", registry.RateLogin),
			LoginTotal: limit("login_total", registry.RateLoginTotal),
		},
		Events: redisstream.New(client, streamKey), Logger: log,
	})
}

// prepare waits for the database, checks the tables and sees to it that there is
// an operator, whose generated password is printed.
func prepare(ctx context.Context, b *program.Base, service *registry.Service, password string, stdout io.Writer) error {
	var generated string
	err := b.Await(ctx, func(ctx context.Context) (err error) {
		if err = migrate.PostgresCurrent(ctx, b.DB, postgres.Migrations); err == nil {
			generated, err = service.EnsureAdmin(ctx, password)
		}
		return err
	})
	if err == nil && generated != "" {
		_, err = fmt.Fprintf(stdout, "The operator is \"%s\", the password is %s\nIt is shown this once. Change it after the first login.\n", registry.AdminName, generated)
	}
	return err
}
