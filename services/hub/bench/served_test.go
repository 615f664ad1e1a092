package bench

import (
	"context"
	"crypto/ed25519"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/redislimit"
	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/internal/platform/stream/redisstream"
	"home.arpa/nestbox/services/media"
	mediaapi "home.arpa/nestbox/services/media/api"
	"home.arpa/nestbox/services/media/blob/folder"
	mediapostgres "home.arpa/nestbox/services/media/postgres"
	mediaredis "home.arpa/nestbox/services/media/redis"
	"home.arpa/nestbox/services/registry"
	registryapi "home.arpa/nestbox/services/registry/api"
	"home.arpa/nestbox/services/registry/argon2id"
	registrypostgres "home.arpa/nestbox/services/registry/postgres"
	registryredis "home.arpa/nestbox/services/registry/redis"
	"home.arpa/nestbox/services/telemetry"
	telemetryapi "home.arpa/nestbox/services/telemetry/api"
	"home.arpa/nestbox/services/telemetry/failover"
	telemetrypostgres "home.arpa/nestbox/services/telemetry/postgres"
	telemetryredis "home.arpa/nestbox/services/telemetry/redis"
)

// site is the three services as their programs wire them, each on a port of its own, over one private Postgres and one
// private Redis. They run in this process, so that the profile of a run shows them and the clients are as near to them
// as to the bare handler. The Postgres is the tests' own: it does not sync to disk.
type site struct {
	tb       testing.TB
	verifier *auth.Verifier
	redisURL string
}

func served(tb testing.TB) target {
	tb.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		tb.Fatal(err)
	}
	s := &site{tb: tb, verifier: auth.NewVerifier([]ed25519.PublicKey{public}, nil), redisURL: redistest.StartServer(tb).URL()}
	door := s.registry(private)
	cameras := enrol(tb, door)
	beats := s.telemetry()
	return target{
		variant: "postgres+redis", cameras: cameras, gcPercent: 100,
		addr: map[string]string{"heartbeat": beats, "motion": beats, "picture": s.media()},
	}
}

func (s *site) registry(key ed25519.PrivateKey) (addr string) {
	client, err := rds.Open(rds.Config{URL: s.redisURL})
	s.check(err, client.Close)
	limit := func(name string, r registry.Rate) ratelimit.Peeker {
		return redislimit.New(client, "nestbox:limit:"+name+":", r.PerSecond, r.Burst)
	}
	waiters := registryredis.NewWaiters(client)
	service, err := registry.NewService(registry.Options{
		Store:     registrypostgres.NewStore(pgtest.Open(s.tb, "registry", registrypostgres.Migrations)),
		Publisher: registryredis.NewPublisher(client, nil), Notifier: waiters,
		Passwords: argon2id.New(), Signer: auth.NewSigner(key), Enrolment: registry.Policy{Mode: registry.ModeOpen},
		Limits: registry.Limits{
			Enrolment:  limit("enrolment", registry.RateEnrolment),
			Login:      limit("login", registry.RateLogin),
			LoginTotal: limit("login_total", registry.RateLoginTotal),
		},
		Events: redisstream.New(client, "nestbox:stream"), Logger: observed(s.tb).Logger,
	})
	s.check(err)
	engine := s.engine("registry")
	registryapi.Mount(engine, registryapi.Config{Service: service, Verifier: s.verifier})
	return s.run(engine, waiters.Run, service.Publish, service.Sweep)
}

func (s *site) telemetry() (addr string) {
	client, err := rds.Open(rds.Config{URL: s.redisURL})
	s.check(err, client.Close)
	log := observed(s.tb).Logger
	store := telemetrypostgres.NewStore(pgtest.Open(s.tb, "telemetry", telemetrypostgres.Migrations))
	main := telemetryredis.NewBeats(client)
	breaker := failover.NewBreaker(main.Ping)
	beats := failover.NewBeats(main, breaker, nil)
	live := redisstream.New(client, "nestbox:stream")
	told := telemetryapi.NewPublisher(live, log)
	engine := s.engine("telemetry")
	telemetryapi.Mount(engine, telemetryapi.Config{
		Service: telemetry.NewService(telemetry.Options{
			Beats: beats, Events: store, Publisher: told,
			Limiter: failover.NewLimiter(redislimit.New(client, "nestbox:limit:motion:", 20, 300), ratelimit.NewMemory(20, 300, time.Now), breaker),
		}),
		Verifier: s.verifier, Operators: redisauth.NewOperators(client), Stream: live,
	})
	lease := func(name string, life time.Duration) telemetry.Lease {
		return telemetryredis.NewLease(client, name, "bench", life)
	}
	return s.run(engine, breaker.Run, told.Run,
		telemetry.NewSweeper(telemetry.SweeperOptions{
			Beats: beats, Events: store, Lease: lease(telemetryredis.SweeperLease, telemetryredis.SweeperLeaseLife), Publisher: told, Logger: log,
		}).Run,
		telemetry.NewKeeper(telemetry.KeeperOptions{
			Beats: beats, Events: store, Lease: lease(telemetryredis.KeeperLease, telemetryredis.KeeperLeaseLife),
			Retention: telemetry.DefaultRetention, Logger: log,
		}).Run)
}

func (s *site) media() (addr string) {
	client, err := rds.Open(rds.Config{URL: s.redisURL})
	s.check(err, client.Close)
	log := observed(s.tb).Logger
	pictures, err := folder.Open(s.tb.TempDir())
	s.check(err, pictures.Close)
	thumbnails, err := folder.Open(s.tb.TempDir())
	s.check(err, thumbnails.Close)
	service, err := media.New(media.Config{
		Store:    mediapostgres.New(pgtest.Open(s.tb, "media", mediapostgres.Migrations)),
		Pictures: pictures, Thumbnails: thumbnails, States: mediaredis.NewStates(client),
		Events: mediaapi.NewPublisher(redisstream.New(client, "nestbox:stream"), log), Policy: media.DefaultPolicy(), Logger: log,
	})
	s.check(err)
	engine := s.engine("media")
	mediaapi.Mount(engine, mediaapi.Config{Service: service, Verifier: s.verifier, Operators: redisauth.NewOperators(client)})
	return s.run(engine, service.Loops()...)
}

func (s *site) engine(service string) *gin.Engine {
	return httpx.NewEngine(httpx.Options{Service: service, Logger: observed(s.tb).Logger})
}

// check fails on err, and closes at the end of the test what was opened without one.
func (s *site) check(err error, closers ...func() error) {
	s.tb.Helper()
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, c := range closers {
		s.tb.Cleanup(func() {
			if err := c(); err != nil {
				s.tb.Errorf("close: %v", err)
			}
		})
	}
}

// run serves a service with its background work until the test ends.
func (s *site) run(engine http.Handler, background ...func(context.Context) error) (addr string) {
	s.tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	listening, ended := make(chan string, 1), make(chan error, 1)
	server := &httpx.Server{
		Handler: engine, Listen: "127.0.0.1:0", Logger: observed(s.tb).Logger,
		OnListen: func(a net.Addr) { listening <- a.String() },
	}
	go func() { ended <- server.Run(ctx, background...) }()
	s.tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			s.tb.Errorf("stop: %v", err)
		}
	})
	select {
	case addr = <-listening:
	case err := <-ended:
		ended <- nil
		s.tb.Fatalf("serve: %v", err)
	}
	return addr
}
