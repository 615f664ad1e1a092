package program

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	goredis "github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/obs"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/rds"
)

const (
	// tryAgain is how often an absent database is asked for.
	tryAgain = time.Second
	// flushTimeout bounds the last sending of traces and metrics.
	flushTimeout = 5 * time.Second
)

// Base is what a service stands on while it serves.
type Base struct {
	Log   *slog.Logger
	DB    *pg.DB
	Redis *goredis.Client

	program  *Program
	settings *Settings
	obs      *obs.Obs
}

// Open sets up logging, metrics and tracing and opens Postgres and Redis. It
// does not wait for them; a server that is away is no error. The caller closes
// the base, after everything that it built on it.
func (p *Program) Open(ctx context.Context, s *Settings) (*Base, error) {
	b := &Base{program: p, settings: s}
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.Close(ctx))
	}
	return b, nil
}

func (b *Base) open(ctx context.Context) (err error) {
	p := b.program
	if b.obs, err = obs.Setup(ctx, obs.Options{Service: p.Name, Version: p.Version, Getenv: p.Getenv, Stderr: p.Stderr}); err != nil {
		return err
	}
	b.Log = b.obs.Logger
	if b.DB, err = pg.Open(ctx, b.settings.Postgres.Config(p.Name, b.obs.Tracing)); err != nil {
		return err
	}
	b.Redis, err = rds.Open(b.settings.Redis.Config(b.obs.Tracing))
	return err
}

// Close closes what Open opened and sends the last traces and metrics, also when
// ctx has ended.
func (b *Base) Close(ctx context.Context) (err error) {
	if b.Redis != nil {
		err = b.Redis.Close()
	}
	if b.DB != nil {
		b.DB.Close()
	}
	if b.obs != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		err = errors.Join(err, b.obs.Stop(ctx))
	}
	return err
}

// PingRedis is the probe of a check.
func (b *Base) PingRedis(ctx context.Context) error { return rds.Translate(b.Redis.Ping(ctx).Err()) }

// Await calls try again and again until the database is there for it, and logs
// once that it waits. Other errors of try are returned.
func (b *Base) Await(ctx context.Context, try func(context.Context) error) error {
	return Await(ctx, try, func(err error) { b.Log.WarnContext(ctx, "waiting for the database", "error", err) })
}

// Await calls try, at once and then each second, until its result is something
// else than fault.Unavailable. The first of those is given to away.
func Await(ctx context.Context, try func(context.Context) error, away func(error)) error {
	for told := false; ; told = true {
		err := try(ctx)
		if fault.KindOf(err) != fault.Unavailable {
			return err
		}
		if !told {
			away(err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(tryAgain):
		}
	}
}

// NewEngine returns an engine without routes.
func (b *Base) NewEngine() *gin.Engine {
	return httpx.NewEngine(httpx.Options{Service: b.program.Name, Logger: b.Log, Tracing: b.obs.Tracing, TrustedProxies: b.settings.TrustedProxies})
}

// Serve serves the API, and on its own address probes and metrics, until ctx
// ends or something fails. See httpx.Server.Run for background and for the stop.
func (b *Base) Serve(ctx context.Context, api http.Handler, checks []httpx.Check, background ...func(context.Context) error) error {
	health := httpx.NewHealth(checks...)
	server := &httpx.Server{
		Handler: api, Listen: b.settings.Listen, Ops: httpx.OpsHandler(health, b.obs.Metrics), OpsListen: b.settings.OpsListen,
		Health: health, Logger: b.Log, DrainDelay: b.settings.DrainDelay,
	}
	b.announce(server)
	return server.Run(ctx, background...)
}

// announce logs where the server listens, and tells tests.
func (b *Base) announce(server *httpx.Server) {
	var mu sync.Mutex
	var listen, ops string
	on := func(which *string, what string) func(net.Addr) {
		return func(a net.Addr) {
			mu.Lock()
			defer mu.Unlock()
			*which = a.String()
			b.Log.Info("listening", "address", a.String(), "for", what)
			if listen != "" && ops != "" && b.program.Ready != nil {
				b.program.Ready(listen, ops)
			}
		}
	}
	server.OnListen, server.OnOpsListen = on(&listen, "the API"), on(&ops, "probes and metrics")
}
