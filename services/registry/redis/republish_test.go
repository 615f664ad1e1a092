package redis_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/redistest"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/memory"
	"home.arpa/nestbox/services/registry/redis"
	"home.arpa/nestbox/services/registry/sqlite"
)

// process is a registry that publishes to a Redis.
type process struct {
	*registry.Service
	store registry.Store
	redis *redistest.Server
}

func start(t *testing.T) *process {
	t.Helper()
	db, err := platform.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	p := &process{store: sqlite.NewStore(db), redis: redistest.StartServer(t)}
	p.Service = p.another(t)
	if _, err := p.EnsureAdmin(t.Context(), "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	return p
}

// another returns a second process on the same database and Redis.
func (p *process) another(t *testing.T) *registry.Service {
	t.Helper()
	unlimited := ratelimit.NewMemory(1000, 1000, time.Now)
	s, err := registry.NewService(registry.Options{
		Store: p.store, Publisher: redis.NewPublisher(p.redis.Client(), nil), Notifier: memory.NewWaiters(),
		Passwords: plain{}, Signer: plain{}, Enrolment: registry.Policy{Mode: registry.ModeOpen},
		Limits: registry.Limits{Enrolment: unlimited, Login: unlimited, LoginTotal: unlimited},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type plain struct{}

func (plain) Hash(_ context.Context, p string) (string, error)    { return p, nil }
func (plain) Verify(_ context.Context, p, h string) (bool, error) { return p == h, nil }
func (plain) Sign(c auth.Claims) (string, error)                  { return c.Subject, nil }
func background(t *testing.T, f func(context.Context) error) func() {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = f(ctx)
	}()
	stop := func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

var admin = auth.Principal{Name: "admin"}

func (p *process) register(t *testing.T, id string) {
	t.Helper()
	if _, err := p.Register(t.Context(), registry.Registration{DeviceID: id}, "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
}

func (p *process) status(t *testing.T, id string) string {
	t.Helper()
	return p.redis.Client().HGet(t.Context(), "nestbox:device:"+id, "status").Val()
}

func (p *process) valid(t *testing.T, c registry.Credential) bool {
	t.Helper()
	return p.redis.Client().Exists(t.Context(), "nestbox:operator:"+c.Hash).Val() == 1
}

// soon is less than the 30 s after which all is published again in any case, and
// enough for a busy machine. That it is a second is proved with a clock of its own,
// by registry's TestFailedPublishingIsRetried.
const soon = 15 * time.Second

func TestWithdrawalHoldsAtOnce(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.register(t, front)
	c, _, err := p.CreateToken(t.Context(), admin, registry.TokenOrder{Name: "script"})
	if err != nil {
		t.Fatal(err)
	}
	if p.status(t, front) != "approved" || !p.valid(t, c) {
		t.Fatal("not published with the answer")
	}
	if _, err := p.RevokeDevice(t.Context(), admin, front); err != nil {
		t.Fatal(err)
	}
	if err := p.DeleteToken(t.Context(), admin, c.ID); err != nil {
		t.Fatal(err)
	}
	if s := p.status(t, front); s != "revoked" || p.valid(t, c) {
		t.Errorf("after the answer: device %s, token valid %v", s, p.valid(t, c))
	}
}

func TestEmptiedRedisIsFilledAgain(t *testing.T) {
	t.Parallel()
	p := start(t)
	background(t, p.Publish)
	p.register(t, front)
	if _, err := p.RevokeDevice(t.Context(), admin, front); err != nil {
		t.Fatal(err)
	}
	c, _, err := p.CreateToken(t.Context(), admin, registry.TokenOrder{Name: "script"})
	if err != nil {
		t.Fatal(err)
	}
	filled := func() bool { return p.status(t, front) == "revoked" && p.valid(t, c) }
	within(t, soon, "published", filled)

	if err := p.redis.Client().FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	within(t, soon, "published again after FLUSHALL", filled)

	p.redis.Kill()
	p.redis.Start() // empty
	within(t, soon, "published again after a restart of Redis", filled)
}

func TestWithdrawalDuringAnOutage(t *testing.T) {
	t.Parallel()
	p := start(t)
	background(t, p.Publish)
	p.register(t, front)
	c, _, err := p.CreateToken(t.Context(), admin, registry.TokenOrder{Name: "script"})
	if err != nil {
		t.Fatal(err)
	}
	within(t, soon, "published", func() bool { return p.status(t, front) == "approved" && p.valid(t, c) })

	// Cut off and not killed, so that Redis comes back with what it had.
	p.redis.Freeze()
	began := time.Now()
	if _, err := p.RevokeDevice(t.Context(), admin, front); err != nil {
		t.Errorf("revoke without Redis: %v", err)
	}
	if err := p.DeleteToken(t.Context(), admin, c.ID); err != nil {
		t.Errorf("delete a token without Redis: %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("without Redis it took %v", took)
	}
	p.redis.Thaw()
	within(t, soon, "the withdrawal holds", func() bool { return p.status(t, front) == "revoked" && !p.valid(t, c) })
}

// TestDeadProcessIsMadeGood plays a process that was killed between its database
// and its publishing.
func TestDeadProcessIsMadeGood(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.register(t, front)
	c, _, err := p.CreateToken(t.Context(), admin, registry.TokenOrder{Name: "script"})
	if err != nil {
		t.Fatal(err)
	}
	publisher := redis.NewPublisher(p.redis.Client(), nil)
	within(t, soon, "marked", func() bool {
		end, err := publisher.BeginPublishing(t.Context())
		return err == nil && end(t.Context()) == nil
	})
	e := registry.Entry{ID: registry.NewID(), At: time.Now(), Action: "token.delete"}
	if _, err := p.store.DeleteCredential(t.Context(), c.ID, registry.KindToken, e); err != nil {
		t.Fatal(err)
	}
	err = p.store.Update(t.Context(), front, func(st registry.Standing) (registry.Change, error) {
		d := *st.Device
		d.Status, d.Epoch = registry.StatusRevoked, d.Epoch+1
		return registry.Change{Device: &d}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.status(t, front) != "approved" || !p.valid(t, c) {
		t.Fatal("it was published after all")
	}
	background(t, p.another(t).Publish)
	within(t, soon, "the next process makes it good", func() bool { return p.status(t, front) == "revoked" && !p.valid(t, c) })
}
