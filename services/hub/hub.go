package hub

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/media"
	mediaapi "home.arpa/nestbox/services/media/api"
	"home.arpa/nestbox/services/registry"
	registryapi "home.arpa/nestbox/services/registry/api"
	"home.arpa/nestbox/services/registry/argon2id"
	registrymemory "home.arpa/nestbox/services/registry/memory"
	"home.arpa/nestbox/services/telemetry"
	telemetryapi "home.arpa/nestbox/services/telemetry/api"
	telemetrymemory "home.arpa/nestbox/services/telemetry/memory"
)

// streamKept is how many live messages wait for a page that lost its connection: minutes of a busy site, under 1 MB.
const streamKept = 1000

// Config says what kind of hub to make.
type Config struct {
	// Data is the folder; the caller holds its lock until after Close.
	Data      datadir.Path
	Enrolment registry.Policy
	Retention media.Policy
	Logger    *slog.Logger
	// Metrics answers scrapes; nil serves none.
	Metrics http.Handler
	// Tracing adds spans to requests.
	Tracing bool
}

// Hub is the three services over one folder. Open makes it, Run serves it, Close ends it.
type Hub struct {
	data    datadir.Path
	log     *slog.Logger
	metrics http.Handler

	stores   *stores
	spread   *spread
	registry *registry.Service
	media    *media.Service
	engine   *gin.Engine
	health   *httpx.Health
	// id names this hub on the network; the same at each start.
	id              string
	ownerCredential string
	background      []func(context.Context) error
}

// Open makes a hub that serves nothing yet: it opens the stores and wires the services. It starts no goroutine.
func Open(ctx context.Context, c Config) (_ *Hub, err error) {
	if err := c.Data.Whole(); err != nil {
		return nil, err
	}
	key, err := auth.LoadOrCreateKey(c.Data.In(datadir.TokenKey))
	if err != nil {
		return nil, err
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return nil, errors.New("the signing key is not Ed25519")
	}
	h := &Hub{
		data: c.Data, log: c.Logger, metrics: c.Metrics,
		spread: newSpread(), id: networkID(public), ownerCredential: auth.NewCredential(),
	}
	if h.stores, err = openStores(ctx, c.Data); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.Close())
		}
	}()
	if err := h.wire(c, key, public); err != nil { //nolint:contextcheck // each request brings its own
		return nil, err
	}
	h.health = httpx.NewHealth(
		httpx.Check{Name: "registry.db", Critical: true, Probe: h.stores.registryDB.Ping},
		httpx.Check{Name: "telemetry.db", Critical: true, Probe: h.stores.telemetryDB.Ping},
		httpx.Check{Name: "media.db", Critical: true, Probe: h.stores.mediaDB.Ping},
		// Without it cameras still beat and report motion.
		httpx.Check{Name: "pictures", Critical: false, Probe: h.stores.pictures.Ping},
	)
	return h, nil
}

// wire makes the services and mounts them.
func (h *Hub) wire(c Config, key ed25519.PrivateKey, public ed25519.PublicKey) (err error) {
	live := stream.NewMemory(streamKept)
	verifier := auth.NewVerifier([]ed25519.PublicKey{public}, time.Now)
	h.engine = httpx.NewEngine(httpx.Options{Service: "nestbox", Logger: c.Logger, Tracing: c.Tracing})

	if h.registry, err = registry.NewService(registry.Options{
		Store: h.stores.registry, Publisher: h.spread, Notifier: registrymemory.NewWaiters(), Passwords: argon2id.New(),
		Signer: auth.NewSigner(key), Limits: registryLimits(), Enrolment: c.Enrolment, Events: live, Logger: c.Logger,
	}); err != nil {
		return fmt.Errorf("make registry: %w", err)
	}
	who := operators{ownerHash: auth.HashCredential(h.ownerCredential), others: h.registry}
	registryapi.Mount(h.engine, registryapi.Config{Service: h.registry, Verifier: verifier, Operators: who})
	h.background = append(h.background, h.registry.Publish, h.registry.Sweep)

	beats, told := telemetrymemory.NewBeats(h.spread.telemetry, time.Now), telemetryapi.NewPublisher(live, c.Logger)
	telemetryapi.Mount(h.engine, telemetryapi.Config{
		Service: telemetry.NewService(telemetry.Options{
			Beats: beats, Events: h.stores.telemetry, Publisher: told,
			Limiter: ratelimit.NewMemory(20, 300, time.Now),
		}),
		Verifier: verifier, Operators: who, Stream: live,
	})
	h.background = append(h.background, told.Run,
		telemetry.NewSweeper(telemetry.SweeperOptions{
			Beats: beats, Events: h.stores.telemetry, Lease: telemetrymemory.Lease{}, Publisher: told, Logger: c.Logger,
		}).Run,
		telemetry.NewKeeper(telemetry.KeeperOptions{
			Beats: beats, Events: h.stores.telemetry, Lease: telemetrymemory.Lease{}, Retention: telemetry.DefaultRetention, Logger: c.Logger,
		}).Run,
	)

	if h.media, err = media.New(media.Config{
		Store: h.stores.media, Pictures: h.stores.pictures, Thumbnails: h.stores.thumbnails, States: h.spread.media,
		Events: mediaapi.NewPublisher(live, c.Logger), Policy: c.Retention, SoleWriter: true, Logger: c.Logger,
	}); err != nil {
		return fmt.Errorf("make media: %w", err)
	}
	mediaapi.Mount(h.engine, mediaapi.Config{Service: h.media, Verifier: verifier, Operators: who})
	h.background = append(h.background, h.media.Loops()...)
	return nil
}

func registryLimits() registry.Limits {
	limiter := func(r registry.Rate) *ratelimit.Memory { return ratelimit.NewMemory(r.PerSecond, r.Burst, time.Now) }
	return registry.Limits{
		Enrolment: limiter(registry.RateEnrolment), Login: limiter(registry.RateLogin), LoginTotal: limiter(registry.RateLoginTotal),
	}
}

// EnsureAdmin makes the operator at the first start; see registry.Service.
func (h *Hub) EnsureAdmin(ctx context.Context, password string) (generated string, err error) {
	return h.registry.EnsureAdmin(ctx, password)
}

// Close ends a hub that is not being served any more.
func (h *Hub) Close() error { return h.stores.close() }
