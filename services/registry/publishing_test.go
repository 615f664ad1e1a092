package registry_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/memory"
	"home.arpa/nestbox/services/registry/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const front = "24:6F:28:AA:BB:01"

type plain struct{}

func (plain) Hash(_ context.Context, p string) (string, error)    { return p, nil }
func (plain) Verify(_ context.Context, p, h string) (bool, error) { return p == h, nil }
func (plain) Sign(c auth.Claims) (string, error)                  { return c.Subject, nil }

func store(t *testing.T) registry.Store {
	t.Helper()
	db, err := platform.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	return sqlite.NewStore(db)
}

func service(t *testing.T, s registry.Store, p registry.Publisher, opts ...func(*registry.Options)) *registry.Service {
	t.Helper()
	unlimited := ratelimit.NewMemory(1000, 1000, time.Now)
	o := registry.Options{
		Store: s, Publisher: p, Notifier: memory.NewWaiters(), Passwords: plain{}, Signer: plain{},
		Limits:    registry.Limits{Enrolment: unlimited, Login: unlimited, LoginTotal: unlimited},
		Enrolment: registry.Policy{Mode: registry.ModeOpen},
	}
	for _, opt := range opts {
		opt(&o)
	}
	svc, err := registry.NewService(o)
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

func register(t *testing.T, s *registry.Service) {
	t.Helper()
	if _, err := s.Register(t.Context(), registry.Registration{DeviceID: front}, "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
}

// within waits for what a loop does.
func within(t *testing.T, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); !cond(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

func background(t *testing.T, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// place is where things are published to. Under this name it can be embedded: its
// own is that of one of its methods.
type place = memory.Published

// slow holds one call of PublishDevice back until it is let go.
type slow struct {
	*place
	hold          atomic.Bool
	held, release chan struct{}
}

func (s *slow) PublishDevice(ctx context.Context, st registry.DeviceState) error {
	if s.hold.CompareAndSwap(true, false) {
		close(s.held)
		<-s.release
	}
	return s.place.PublishDevice(ctx, st)
}

// TestOvertakenPublisher has one process read a state and be slow to publish it
// while another changes the device: the old state must not be the last word.
func TestOvertakenPublisher(t *testing.T) {
	t.Parallel()
	s := store(t)
	common := memory.NewPublished(nil)
	first := &slow{place: common, held: make(chan struct{}), release: make(chan struct{})}
	a, b := service(t, s, first), service(t, s, common)
	register(t, a)

	first.hold.Store(true)
	done := make(chan error)
	go func() {
		_, err := a.SetPrivacy(t.Context(), auth.Principal{Name: "a"}, front, true)
		done <- err
	}()
	<-first.held
	if _, err := b.RevokeDevice(t.Context(), auth.Principal{Name: "b"}, front); err != nil {
		t.Fatal(err)
	}
	close(first.release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if st, _ := common.Device(front); st.Status != registry.StatusRevoked || !st.PrivacyLocked {
		t.Errorf("published is %+v", st)
	}
}

// broken fails until it is mended.
type broken struct {
	*place
	mended atomic.Bool
}

func (b *broken) PublishDevice(ctx context.Context, st registry.DeviceState) error {
	if !b.mended.Load() {
		return errors.New("away")
	}
	return b.place.PublishDevice(ctx, st)
}

func (b *broken) ForgetOperator(ctx context.Context, hash string) error {
	if !b.mended.Load() {
		return errors.New("away")
	}
	return b.place.ForgetOperator(ctx, hash)
}

// TestFailedPublishingIsRetried has a clock of its own, so that a second is one on a
// busy machine too.
func TestFailedPublishingIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, failedPublishingIsRetried)
}

func failedPublishingIsRetried(t *testing.T) {
	away := &broken{place: memory.NewPublished(nil)}
	away.mended.Store(true)
	s := service(t, store(t), away)
	background(t, s.Publish)
	register(t, s)
	c, _, err := s.CreateToken(t.Context(), auth.Principal{Name: "admin"}, registry.TokenOrder{Name: "x"})
	if err == nil {
		t.Fatal("a token for an operator that does not exist")
	}
	if _, err := s.EnsureAdmin(t.Context(), "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	if c, _, err = s.CreateToken(t.Context(), auth.Principal{Name: "admin"}, registry.TokenOrder{Name: "x"}); err != nil {
		t.Fatal(err)
	}

	away.mended.Store(false)
	if _, err := s.RevokeDevice(t.Context(), auth.Principal{Name: "admin"}, front); err != nil {
		t.Fatal(err)
	}
	if err := s.DeleteToken(t.Context(), auth.Principal{Name: "admin"}, c.ID); err != nil {
		t.Fatal(err)
	}
	away.mended.Store(true)
	within(t, time.Second, "the withdrawals hold", func() bool {
		st, _ := away.Device(front)
		_, err := away.Lookup(t.Context(), c.Hash)
		return st.Status == registry.StatusRevoked && err != nil
	})
}

// recorder keeps the live events.
type recorder struct {
	mu   sync.Mutex
	seen []any
}

func (r *recorder) Publish(_ context.Context, _ string, data any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seen = append(r.seen, data)
	return nil
}

func (r *recorder) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.seen)
}

func (r *recorder) take() []any {
	r.mu.Lock()
	defer r.mu.Unlock()
	seen := r.seen
	r.seen = nil
	return seen
}

func TestLiveEvents(t *testing.T) {
	t.Parallel()
	seen := &recorder{}
	s := service(t, store(t), memory.NewPublished(nil), func(o *registry.Options) { o.Events = seen })
	who := auth.Principal{Name: "admin"}
	want := func(what string, events ...any) {
		t.Helper()
		got := seen.take()
		if len(got) != len(events) {
			t.Fatalf("%s: %+v\nwant %+v", what, got, events)
		}
		for i := range got {
			if got[i] != events[i] {
				t.Errorf("%s: %+v\nwant %+v", what, got[i], events[i])
			}
		}
	}
	register(t, s)
	want("register", registry.DeviceEvent{DeviceID: front, Status: registry.StatusApproved})
	secret := registry.Registration{DeviceID: front, Secret: "0123456789abcdef0123456789abcdef"}
	if _, err := s.Register(t.Context(), secret, "10.0.0.1"); err != nil {
		t.Fatal(err)
	}
	want("another secret", registry.DeviceEvent{DeviceID: front, Status: registry.StatusApproved, Waiting: true})
	c, err := s.CreateCommand(t.Context(), who, registry.Order{DeviceID: front, Kind: registry.KindIdentify})
	if err != nil {
		t.Fatal(err)
	}
	want("order", registry.CommandEvent{CommandID: c.ID, DeviceID: front, Kind: c.Kind, State: registry.StateQueued})
	if err := s.DeleteDevice(t.Context(), who, front); err != nil {
		t.Fatal(err)
	}
	want("delete", registry.DeviceEvent{DeviceID: front, Status: registry.StatusDeleted},
		registry.CommandEvent{CommandID: c.ID, DeviceID: front, Kind: c.Kind, State: registry.StateCancelled, Detail: "the device was deleted"})
}

// TestSweeper waits for the loop itself.
func TestSweeper(t *testing.T) {
	t.Parallel()
	var offset atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(offset.Load())) }
	published := memory.NewPublished(nil)
	seen := &recorder{}
	st := store(t)
	s := service(t, st, published, func(o *registry.Options) { o.Events, o.Now = seen, now })
	register(t, s)
	c, err := s.CreateCommand(t.Context(), auth.Principal{Name: "admin"}, registry.Order{DeviceID: front, Kind: registry.KindIdentify, Life: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if d, _ := published.Device(front); d.PendingCommands != 1 {
		t.Errorf("published %+v", d)
	}
	seen.take()
	offset.Store(int64(5 * time.Second))
	background(t, s.Sweep)
	within(t, 30*time.Second, "the end is written, published and told", func() bool {
		d, _ := published.Device(front)
		stored, err := st.Command(t.Context(), c.ID)
		return err == nil && stored.State == registry.StateExpired && d.PendingCommands == 0 && seen.count() > 0
	})
	if got := seen.take(); len(got) != 1 || got[0] != (registry.CommandEvent{CommandID: c.ID, DeviceID: front, Kind: c.Kind, State: registry.StateExpired}) {
		t.Errorf("told %+v", got)
	}
}
