package failover_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	"home.arpa/nestbox/services/internal/platform/ratelimit/redislimit"
	"home.arpa/nestbox/services/internal/platform/redistest"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/failover"
	"home.arpa/nestbox/services/telemetry/redis"
	"home.arpa/nestbox/services/telemetry/sqlite"
	"home.arpa/nestbox/services/telemetry/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const device = "AA:BB:CC:DD:EE:FF"

// replica is one process of a served telemetry with its own way to Redis.
type replica struct {
	t       *testing.T
	server  *redistest.Server
	main    *redis.Beats
	breaker *failover.Breaker
	beats   *failover.Beats
}

func newReplica(t *testing.T, server *redistest.Server) *replica {
	t.Helper()
	r := &replica{t: t, server: server, main: redis.NewBeats(server.Client())}
	r.breaker = failover.NewBreaker(r.main.Ping)
	r.beats = failover.NewBeats(r.main, r.breaker, nil)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = r.breaker.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return r
}

// beat is a heartbeat of a token of epoch 1.
func (r *replica) beat(id string) (telemetry.DeviceState, error) {
	r.t.Helper()
	return r.beats.Beat(r.t.Context(), &telemetry.Beat{DeviceID: id, Epoch: 1, ReceivedAt: time.Now()})
}

// publish writes a state as the registry does.
func (r *replica) publish(id string, fields ...any) {
	r.t.Helper()
	if err := r.server.Client().HSet(r.t.Context(), "nestbox:device:"+id, fields...).Err(); err != nil {
		r.t.Fatal(err)
	}
}

// eventually fails unless cond becomes true.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("does not come: %s", what)
		}
	}
}

func (r *replica) awaitHealed() {
	r.t.Helper()
	eventually(r.t, "Redis is used again", func() bool { return !r.breaker.Open() })
}

func TestWithRedisItIsRedis(t *testing.T) {
	t.Parallel()
	storetest.ExerciseBeats(t, func(t *testing.T) storetest.Beats {
		r := newReplica(t, redistest.StartServer(t))
		return storetest.Beats{BeatStore: r.beats, SetState: func(id string, s telemetry.DeviceState) {
			locked, seconds, deleted := 0, "", ""
			if s.PrivacyLocked {
				locked = 1
			}
			if s.HeartbeatInterval > 0 {
				seconds = strconv.Itoa(int(s.HeartbeatInterval / time.Second))
			}
			if !s.DeletedAt.IsZero() {
				deleted = strconv.FormatInt(s.DeletedAt.UnixMilli(), 10)
			}
			r.publish(id, "epoch", s.Epoch, "status", string(s.Status), "privacy_locked", locked, "privacy_generation", s.PrivacyGeneration,
				"pending_commands", s.PendingCommands, "heartbeat_interval_seconds", seconds, "deleted_at_ms", deleted)
		}}
	})
}

// outages are the ways in which Redis goes away and comes back.
var outages = map[string]struct{ begin, end func(*redistest.Server) }{
	"killed": {(*redistest.Server).Kill, (*redistest.Server).Start},
	"frozen": {(*redistest.Server).Freeze, (*redistest.Server).Thaw},
}

func TestHeartbeatsGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReplica(t, redistest.StartServer(t))
			r.publish(device, "epoch", 1, "status", "approved", "privacy_locked", 1, "privacy_generation", 8, "pending_commands", 2)
			known, err := r.beat(device)
			if err != nil || !known.PrivacyLocked {
				t.Fatalf("state %+v, %v", known, err)
			}
			outage.begin(r.server)
			began := time.Now()
			for i := range 500 {
				if state, err := r.beat(device); err != nil || state != known {
					t.Fatalf("beat %d: %+v, %v; want the last state that was known", i, state, err)
				}
				if _, last, err := r.beats.Device(t.Context(), device); err != nil || last == nil {
					t.Fatalf("look-up %d: %v, %v", i, last, err)
				}
			}
			// The first call may pay the time-out; all the others must not: that is 5 min.
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("1000 calls without Redis took %v", took)
			}
			if !r.breaker.Open() || r.beats.Fallbacks() < 1000 {
				t.Errorf("open %v, %d fallbacks", r.breaker.Open(), r.beats.Fallbacks())
			}
			latest, err := r.beats.Latest(t.Context(), []string{device})
			if err != nil || len(latest) != 1 {
				t.Errorf("readings %v, %v", latest, err)
			}
			// A device that this process never saw is let in by its token.
			if state, err := r.beat("AA:BB:CC:00:00:01"); err != nil || state.Known {
				t.Errorf("a new device: %+v, %v", state, err)
			}
			outage.end(r.server)
			r.awaitHealed()
			if _, err := r.beat(device); err != nil {
				t.Fatal(err)
			}
			if live, err := r.main.Live(t.Context(), []string{device}); err != nil || len(live) != 1 {
				t.Errorf("the beat after the outage is not in Redis: %v, %v", live, err)
			}
		})
	}
}

func TestADeviceThatWasSeenRevokedStaysRefused(t *testing.T) {
	t.Parallel()
	r := newReplica(t, redistest.StartServer(t))
	refused := func(when string) {
		t.Helper()
		state, err := r.beat(device)
		if err != nil || fault.KindOf(state.Admit(1)) != fault.Unauthenticated {
			t.Errorf("%s: %+v, %v", when, state, err)
		}
		if state, _, err := r.beats.Device(t.Context(), device); err != nil || state.Admit(1) == nil {
			t.Errorf("%s, motion: %+v, %v", when, state, err)
		}
	}
	if _, err := r.beat(device); err != nil {
		t.Fatal(err)
	}
	r.publish(device, "epoch", 2, "status", "revoked")
	refused("with Redis")
	r.server.Kill()
	refused("without Redis")
	r.server.Start()
	r.awaitHealed()
	refused("with an emptied Redis")
	if marks, err := r.main.Marks(t.Context()); err != nil || len(marks) != 0 {
		t.Errorf("the emptied Redis has %v, %v: a refused beat left a trace", marks, err)
	}
	r.publish(device, "epoch", 1, "status", "approved")
	if state, err := r.beat(device); err != nil || state.Admit(1) != nil {
		t.Errorf("after it was approved again: %+v, %v", state, err)
	}
}

func TestBackgroundWorkLearnsOfEveryOutage(t *testing.T) {
	t.Parallel()
	r := newReplica(t, redistest.StartServer(t))
	marks := func() error {
		_, err := r.beats.Marks(t.Context())
		return err
	}
	if err := marks(); err != nil {
		t.Fatal(err)
	}
	r.server.Kill()
	for range 3 {
		if fault.KindOf(marks()) != fault.Unavailable {
			t.Error("marks without Redis")
		}
	}
	for name, err := range map[string]error{
		"Live":   second(r.beats.Live(t.Context(), []string{device})),
		"States": second(r.beats.States(t.Context(), []string{device})),
		"Forget": r.beats.Forget(t.Context(), device, time.Now()),
	} {
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s without Redis: %v", name, err)
		}
	}
	r.server.Start()
	r.awaitHealed()
	if err := marks(); err != nil {
		t.Errorf("it was told of the outage before: %v", err)
	}
	// An outage between two looks, which only a heartbeat has met.
	r.server.Kill()
	if _, err := r.beat(device); err != nil {
		t.Fatal(err)
	}
	r.server.Start()
	r.awaitHealed()
	if fault.KindOf(marks()) != fault.Unavailable {
		t.Error("it is not told of an outage between two looks")
	}
	if err := marks(); err != nil {
		t.Errorf("it is told twice: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestTheLimiterGoesOnWithoutRedis(t *testing.T) {
	t.Parallel()
	r := newReplica(t, redistest.StartServer(t))
	limiter := failover.NewLimiter(
		redislimit.New(r.server.Client(), "test:", 0.01, 3), ratelimit.NewMemory(0.01, 3, time.Now), r.breaker)
	allowed := func() int {
		t.Helper()
		n := 0
		for range 10 {
			wait, err := limiter.Allow(t.Context(), device)
			if err != nil {
				t.Fatal(err)
			}
			if wait == 0 {
				n++
			}
		}
		return n
	}
	if n := allowed(); n != 3 {
		t.Errorf("%d of 10 with Redis, want 3", n)
	}
	r.server.Kill()
	if n := allowed(); n != 3 {
		t.Errorf("%d of 10 without Redis, want 3", n)
	}
}

// TestPresenceHeals runs two replicas with their sweepers through an outage that
// is longer than a device may be silent, with devices that beat all the time.
func TestPresenceHeals(t *testing.T) {
	t.Parallel()
	for name, outage := range outages {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.StartServer(t)
			events := newEvents(t)
			ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
			var running sync.WaitGroup
			t.Cleanup(func() { cancel(); running.Wait() })
			ids := []string{"AA:BB:CC:00:00:01", "AA:BB:CC:00:00:02", "AA:BB:CC:00:00:03"}
			publish := func(r *replica) {
				for _, id := range ids {
					r.publish(id, "epoch", 1, "status", "approved", "heartbeat_interval_seconds", 1)
				}
			}
			replicas := []*replica{newReplica(t, server), newReplica(t, server)}
			publish(replicas[0])
			for i, r := range replicas {
				lease := redis.NewLease(server.Client(), redis.SweeperLease, "replica-"+strconv.Itoa(i), time.Second)
				sweeper := telemetry.NewSweeper(telemetry.SweeperOptions{
					Beats: r.beats, Events: events, Lease: lease, Publisher: deaf{}, Logger: slog.New(slog.DiscardHandler),
				})
				running.Go(func() { _ = sweeper.Run(ctx) })
			}
			silent := make(chan struct{}) // the first device stops
			for i, id := range ids {
				running.Go(func() {
					r := replicas[i%len(replicas)]
					tick := time.NewTicker(200 * time.Millisecond)
					defer tick.Stop()
					for n := 0; ; n++ {
						b := telemetry.Beat{DeviceID: id, Epoch: 1, ReceivedAt: time.Now()}
						if _, err := r.beats.Beat(ctx, &b); err != nil && ctx.Err() == nil {
							t.Errorf("device %s: %v", id, err)
						}
						select {
						case <-ctx.Done():
							return
						case <-tick.C:
						}
						if i == 0 {
							select {
							case <-silent:
								return
							default:
							}
						}
					}
				})
			}
			eventually(t, "all are online", func() bool { return events.count("online") == len(ids) })
			outage.begin(server)
			began := time.Now()
			eventually(t, "the outage is longer than the silence that is allowed", func() bool { return time.Since(began) > 4*time.Second })
			outage.end(server)
			publish(replicas[0])
			for _, r := range replicas {
				r.awaitHealed()
			}
			close(silent)
			// Presence works again when it sees that one is gone, and only that one.
			eventually(t, "the silent device is offline", func() bool { return events.count("offline") > 0 })
			if got := events.count("offline"); got != 1 {
				t.Errorf("%d devices were called offline, want the one that is", got)
			}
			if got := events.count("online"); got != len(ids) {
				t.Errorf("%d times online, want %d", got, len(ids))
			}
		})
	}
}

// deaf is a telemetry.Publisher that nobody listens to.
type deaf struct{}

func (deaf) MotionReceived(*telemetry.Event)     {}
func (deaf) PresenceChanged(*telemetry.Presence) {}

// eventStore is a real store that the test can ask.
type eventStore struct {
	telemetry.EventStore
	t *testing.T
}

func newEvents(t *testing.T) *eventStore {
	t.Helper()
	db, err := platform.Open(t.Context(), filepath.Join(t.TempDir(), "telemetry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	return &eventStore{sqlite.NewStore(db), t}
}

// count returns how often any device changed to a state.
func (s *eventStore) count(state string) int {
	s.t.Helper()
	events, err := s.Events(s.t.Context(), telemetry.EventQuery{Kind: telemetry.KindPresence, Limit: 1000})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(slices.DeleteFunc(events, func(e telemetry.Event) bool { return e.Detail["to"] != state }))
}
