package telemetry_test

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/migrate"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/memory"
	"home.arpa/nestbox/services/telemetry/sqlite"
)

const (
	front = "AA:BB:CC:DD:EE:01"
	back  = "AA:BB:CC:DD:EE:02"
)

// house is a hub whose time passes only when told to: real stores, a sweeper
// that is called once a second, and cameras that beat at their interval.
type house struct {
	t       *testing.T
	now     time.Time
	states  *memory.States
	beats   *flakyBeats
	events  *flakyEvents
	sweeper *telemetry.Sweeper
	watched *watcher

	cameras map[string]*camera
	// failing makes pass expect an error of every sweep.
	failing bool
}

type camera struct {
	every   time.Duration
	next    time.Time
	reading telemetry.Reading
	booted  time.Time // when not zero, the reading has its uptime
	on      bool
}

// flakyBeats is a beat store that can go away.
type flakyBeats struct {
	telemetry.BeatStore
	down bool
}

var errDown = fault.New(fault.Unavailable, "down").After(time.Second)

func (s *flakyBeats) Marks(ctx context.Context) (map[string]int64, error) {
	if s.down {
		return nil, errDown
	}
	return s.BeatStore.Marks(ctx)
}

// flakyEvents is an event store that can go away, and counts its calls.
type flakyEvents struct {
	telemetry.EventStore
	down     bool
	lose     bool // do it, and lose the answer
	writes   int
	reads    int
	findings telemetry.Findings
}

func (s *flakyEvents) RecordSweep(ctx context.Context, f *telemetry.Findings) (telemetry.Recorded, error) {
	if s.down {
		return telemetry.Recorded{}, errDown
	}
	s.writes++
	s.findings = *f
	recorded, err := s.EventStore.RecordSweep(ctx, f)
	if s.lose {
		return telemetry.Recorded{}, errors.Join(err, errDown)
	}
	return recorded, err
}

func (s *flakyEvents) Presences(ctx context.Context) ([]telemetry.Presence, error) {
	if s.down {
		return nil, errDown
	}
	s.reads++
	return s.EventStore.Presences(ctx)
}

// watcher remembers what was published.
type watcher struct {
	motion   []telemetry.Event
	presence []telemetry.Presence
}

func (w *watcher) MotionReceived(e *telemetry.Event)     { w.motion = append(w.motion, *e) }
func (w *watcher) PresenceChanged(p *telemetry.Presence) { w.presence = append(w.presence, *p) }

func newHouse(t *testing.T) *house {
	t.Helper()
	db, err := platform.Open(t.Context(), filepath.Join(t.TempDir(), "telemetry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	h := &house{
		t: t, now: received, states: memory.NewStates(),
		events:  &flakyEvents{EventStore: sqlite.NewStore(db)},
		watched: &watcher{}, cameras: map[string]*camera{},
	}
	h.restart()
	return h
}

func (h *house) clock() time.Time { return h.now }

// restart is a new process on the same database.
func (h *house) restart() {
	h.emptyBeats()
	h.sweeper = telemetry.NewSweeper(telemetry.SweeperOptions{
		Beats: h.beats, Events: h.events, Lease: memory.Lease{}, Publisher: h.watched,
		Logger: slog.New(slog.DiscardHandler), Now: h.clock,
	})
}

// emptyBeats makes the beat store lose its memory.
func (h *house) emptyBeats() {
	fresh := memory.NewBeats(h.states, h.clock)
	if h.beats == nil {
		h.beats = &flakyBeats{}
	}
	h.beats.BeatStore = fresh
}

// add switches a camera on that beats at once and then at every interval.
func (h *house) add(id string, every time.Duration) *camera {
	c := &camera{every: every, next: h.now, on: true}
	h.cameras[id] = c
	return c
}

// pass lets time go by, second by second.
func (h *house) pass(d time.Duration) {
	h.t.Helper()
	for range int(d / time.Second) {
		h.second(true)
	}
}

func (h *house) second(sweep bool) {
	h.t.Helper()
	h.now = h.now.Add(time.Second)
	for id, c := range h.cameras {
		if !c.on || h.now.Before(c.next) {
			continue
		}
		h.beat(id)
		c.next = h.now.Add(c.every)
	}
	if !sweep {
		return
	}
	if err := h.sweeper.Sweep(h.t.Context()); (err != nil) != h.failing {
		h.t.Fatalf("at %v: sweep: %v", h.now.Sub(received), err)
	}
}

// beat is one heartbeat; while the beat store is down it is lost.
func (h *house) beat(id string) {
	h.t.Helper()
	if h.beats.down {
		return
	}
	c := h.cameras[id]
	b := telemetry.Beat{DeviceID: id, Epoch: h.states.Get(id).Epoch, ReceivedAt: h.now, Reading: c.reading}
	if !c.booted.IsZero() {
		b.Reading.UptimeSeconds = ptr(int64(h.now.Sub(c.booted) / time.Second))
	}
	if _, err := h.beats.Beat(h.t.Context(), &b); err != nil {
		h.t.Fatal(err)
	}
}

// story returns the states that the events tell of a device, oldest first.
func (h *house) story(id string) []string {
	h.t.Helper()
	events, err := h.events.Events(h.t.Context(), telemetry.EventQuery{DeviceID: id, Kind: telemetry.KindPresence, Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	var states []string
	for _, e := range slices.Backward(events) {
		state, _ := e.Detail["to"].(string)
		states = append(states, state)
	}
	return states
}

func (h *house) wantStory(id string, want ...string) {
	h.t.Helper()
	if got := h.story(id); !slices.Equal(got, want) {
		h.t.Fatalf("after %v the story of %s is %v, want %v", h.now.Sub(received), id, got, want)
	}
}

func (h *house) count(kind telemetry.Kind) int {
	h.t.Helper()
	events, err := h.events.Events(h.t.Context(), telemetry.EventQuery{Kind: kind, Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(events)
}

func TestADeviceBecomesLateThenOfflineAndComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, time.Minute)
	h.pass(time.Second)
	h.wantStory(front, "online")
	h.pass(10 * time.Minute)
	h.wantStory(front, "online")

	c.on = false
	silent := c.next.Add(-c.every) // its last beat
	h.pass(90*time.Second - h.now.Sub(silent) - time.Second)
	h.wantStory(front, "online")
	h.pass(time.Second)
	h.wantStory(front, "online", "late")
	h.pass(59 * time.Second)
	h.wantStory(front, "online", "late")
	h.pass(time.Second)
	h.wantStory(front, "online", "late", "offline")
	h.pass(time.Hour)
	h.wantStory(front, "online", "late", "offline")

	c.on, c.next = true, h.now
	h.pass(time.Hour)
	h.wantStory(front, "online", "late", "offline", "online")
	if got := len(h.watched.presence); got != 4 {
		t.Errorf("%d changes published, want 4", got)
	}
	if last := h.watched.presence[2]; last.State != telemetry.Offline || !last.Last.ReceivedAt.Equal(silent) {
		t.Errorf("published %+v, want offline and last seen at %v", last, silent)
	}
}

func TestTheIntervalIsThatOfTheDevice(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.states.Set(front, telemetry.DeviceState{Status: telemetry.Approved, HeartbeatInterval: 10 * time.Second})
	h.add(front, time.Hour)
	h.pass(25 * time.Second)
	h.wantStory(front, "online", "late")
	h.pass(time.Second)
	h.wantStory(front, "online", "late", "offline")
}

func TestAnAnnouncedSleepIsNotAnOutage(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, 15*time.Minute)
	c.reading.SleepSeconds = ptr(int64(15 * 60))
	h.pass(3 * time.Hour)
	h.wantStory(front, "asleep")
	c.on = false
	// Sleep and one interval after the last beat.
	h.pass(c.next.Sub(h.now) + time.Minute - time.Second)
	h.wantStory(front, "asleep")
	h.pass(time.Second)
	h.wantStory(front, "asleep", "offline")
}

func TestAHouseInWhichNothingChangesIsNotWrittenTo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, time.Minute)
	c.reading = telemetry.Reading{BootID: "b", EventsDropped: ptr(int64(0))}
	c.booted = h.now.Add(-time.Hour)
	h.pass(2 * time.Second)
	writes := h.events.writes
	h.pass(time.Hour)
	if got := h.events.writes - writes; got != 0 {
		t.Errorf("%d writes in an hour, the last %+v", got, h.events.findings)
	}
	if h.events.reads > 70 {
		t.Errorf("the rows were read %d times in an hour", h.events.reads)
	}
}

func TestARestartMakesNoEvents(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]time.Duration{"quick": 2 * time.Second, "after a day": 24 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.add(front, time.Minute)
			gone := h.add(back, time.Minute)
			h.pass(5*time.Minute + 59*time.Second) // the next beat falls into the restart
			h.now = h.now.Add(away)
			gone.on = false
			h.restart()
			h.pass(150 * time.Second)
			h.wantStory(front, "online")
			h.wantStory(back, "online")
			// The one that is not there any more gets its whole silence, not more.
			h.pass(2 * time.Second)
			h.wantStory(back, "online", "offline")
			h.pass(time.Hour)
			h.wantStory(front, "online")
		})
	}
}

func TestASleeperThatSleepsThroughARestartStaysAsleep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Hour).reading.SleepSeconds = ptr(int64(3600))
	h.pass(10 * time.Minute)
	h.restart()
	h.pass(3 * time.Hour)
	h.wantStory(front, "asleep")
}

func TestLateAndOfflineSurviveARestart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Hour)
	h.pass(100 * time.Second)
	h.wantStory(front, "online", "late")
	h.restart()
	h.pass(100 * time.Second)
	h.wantStory(front, "online", "late") // nothing was heard, so nothing is better
	h.pass(time.Minute)
	h.wantStory(front, "online", "late", "offline")
	h.restart()
	h.pass(10 * time.Minute)
	h.wantStory(front, "online", "late", "offline")
}

func TestAnOutageOfTheBeatStoreMakesNoEvents(t *testing.T) {
	t.Parallel()
	for name, emptied := range map[string]bool{"with its memory": false, "emptied": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.add(front, time.Minute)
			gone := h.add(back, time.Minute)
			h.pass(5*time.Minute + 30*time.Second)

			h.beats.down, h.failing = true, true
			gone.on = false
			h.pass(20*time.Minute + 25*time.Second)
			h.beats.down, h.failing = false, false
			if emptied {
				h.emptyBeats()
			}
			h.pass(150 * time.Second)
			h.wantStory(front, "online")
			h.wantStory(back, "online")
			h.pass(2 * time.Second)
			h.wantStory(back, "online", "offline")
			h.pass(time.Hour)
			h.wantStory(front, "online")
		})
	}
}

func TestABeatStoreThatIsEmptiedUnseenMakesNoEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute)
	h.pass(5*time.Minute + time.Second)
	// The beat of this second is lost with the rest, before any sweep saw it.
	h.cameras[front].next = h.now.Add(time.Second)
	h.second(false)
	h.emptyBeats()
	h.pass(time.Hour)
	h.wantStory(front, "online")
}

func TestAFrozenProcessMakesNoEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute)
	h.pass(5 * time.Minute)
	// Nobody ran for an hour: no beat was taken, no sweep was made.
	h.now = h.now.Add(time.Hour)
	h.cameras[front].next = h.now.Add(50 * time.Second)
	h.pass(10 * time.Minute)
	h.wantStory(front, "online")
}

func TestAJumpOfTheWallClockMakesNoEvents(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, time.Minute)
	h.pass(time.Second)
	for _, jump := range []time.Duration{50 * 365 * 24 * time.Hour, -40 * 365 * 24 * time.Hour} {
		// The beats bear the jumped time; what passes for the sweeper is the monotonic clock.
		for range 5 {
			c.on = false
			h.pass(59 * time.Second)
			b := telemetry.Beat{DeviceID: front, ReceivedAt: h.now.Add(jump)}
			if _, err := h.beats.Beat(t.Context(), &b); err != nil {
				t.Fatal(err)
			}
			h.pass(time.Second)
		}
	}
	h.wantStory(front, "online")
}

func TestADatabaseThatWasAwayGetsTheTimeOfTheChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute)
	c := h.add(back, time.Minute)
	h.pass(30 * time.Second)
	c.on = false
	lost := c.next.Add(-c.every).Add(150 * time.Second)

	h.events.down = true
	h.pass(30 * time.Second)
	h.failing = true // from here on the rows are to be read, and soon there is something to write
	h.pass(30 * time.Minute)
	h.events.down, h.failing = false, false
	h.pass(time.Second)
	h.wantStory(front, "online")
	h.wantStory(back, "online", "offline")
	p, err := h.events.Presence(t.Context(), back)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Since.Equal(lost) {
		t.Errorf("offline since %v, want %v", p.Since, lost)
	}
}

func TestALostAnswerOfTheDatabaseDoublesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute).reading = telemetry.Reading{BootID: "b", UptimeSeconds: ptr(int64(9)), EventsDropped: ptr(int64(2))}
	h.events.lose, h.failing = true, true
	h.pass(3 * time.Second)
	h.events.lose, h.failing = false, false
	h.pass(2 * time.Minute)
	h.wantStory(front, "online")
	if boots, drops := h.count(telemetry.KindBoot), h.count(telemetry.KindQueueOverflow); boots != 1 || drops != 1 {
		t.Errorf("%d boots and %d overflows, want one of each", boots, drops)
	}
}

func TestBootsAndLostEventsAreRecordedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, time.Minute)
	boot := func(id string, uptime, dropped int64) {
		t.Helper()
		c.reading = telemetry.Reading{BootID: id, MonotonicMS: ptr(uptime * 1000), EventsDropped: ptr(dropped), ResetReason: "poweron"}
		h.pass(time.Minute)
	}
	boot("one", 30, 0)
	boot("one", 90, 0)
	boot("one", 150, 4)
	boot("one", 210, 4)
	boot("one", 270, 6)
	boot("two", 10, 0) // counts from 0 again
	boot("two", 70, 6)
	h.restart()
	boot("two", 130, 6)
	boot("two", 190, 6)

	events, err := h.events.Events(t.Context(), telemetry.EventQuery{Kind: telemetry.KindQueueOverflow, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var lost []float64
	for _, e := range slices.Backward(events) {
		n, _ := e.Detail["dropped"].(float64)
		lost = append(lost, n)
	}
	if !slices.Equal(lost, []float64{4, 2, 6}) {
		t.Errorf("lost events %v, want 4, 2 and 6", lost)
	}
	events, err = h.events.Events(t.Context(), telemetry.EventQuery{Kind: telemetry.KindBoot, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != 2 {
		t.Fatalf("%d boots, want 2", len(events))
	}
	first := events[1]
	if want := received.Add(time.Second - 30*time.Second); first.BootID != "one" || !first.OccurredAt.Equal(want) ||
		first.Clock != telemetry.Computed || first.Detail["reset_reason"] != "poweron" {
		t.Errorf("boot %+v, want one at %v", first, want)
	}
	h.wantStory(front, "online")
}

func TestTheStartOfABootFollowsTheHubsClock(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, time.Minute)
	c.on = false
	// A Pi that starts in the past, until NTP answers between two beats.
	for i, wall := range []time.Time{received.AddDate(0, -1, 0), received.Add(time.Minute)} {
		b := telemetry.Beat{DeviceID: front, ReceivedAt: wall, Reading: telemetry.Reading{BootID: "b", MonotonicMS: ptr(int64(60_000 * (i + 1)))}}
		if _, err := h.beats.Beat(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
		h.pass(2 * time.Second)
	}
	start, err := h.events.BootStart(t.Context(), front, "b")
	if err != nil || !start.Equal(received.Add(-time.Minute)) {
		t.Errorf("the boot began at %v, %v; want %v", start, err, received.Add(-time.Minute))
	}
}

func TestADeletedDeviceLeavesNothingAndMayComeBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.add(front, time.Minute)
	h.add(back, time.Minute)
	h.pass(5 * time.Minute)
	keeper := telemetry.NewKeeper(telemetry.KeeperOptions{
		Beats: h.beats, Events: h.events, Lease: memory.Lease{}, Logger: slog.New(slog.DiscardHandler), Now: h.clock,
	})

	c.on = false
	h.pass(2 * time.Second)
	h.states.Set(front, telemetry.DeviceState{Status: telemetry.Deleted, Epoch: 2, DeletedAt: h.now})
	if err := keeper.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.wantStory(front)
	h.pass(time.Hour) // the sweeper must not bring it back
	h.wantStory(front)
	ids, err := h.events.Devices(t.Context())
	if err != nil || !slices.Equal(ids, []string{back}) {
		t.Errorf("devices %v, %v", ids, err)
	}

	state := h.states.Get(front)
	state.Status, state.Epoch = telemetry.Approved, 3
	h.states.Set(front, state)
	c.on, c.next = true, h.now
	h.pass(time.Minute)
	if err := keeper.Keep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.pass(10 * time.Minute)
	h.wantStory(front, "online")
	h.wantStory(back, "online")
}

func TestADeviceThatIsDeletedAndBackBetweenTwoPassesIsWatchedAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute)
	h.pass(5 * time.Minute)
	h.pass(10 * time.Second)
	h.states.Set(front, telemetry.DeviceState{Status: telemetry.Approved, Epoch: 3, DeletedAt: h.now})
	h.pass(time.Minute) // it beats again before the purge
	if _, err := h.events.PurgeDevice(t.Context(), front, h.states.Get(front).DeletedAt, 1000); err != nil {
		t.Fatal(err)
	}
	h.wantStory(front)
	h.pass(2 * time.Minute)
	h.wantStory(front, "online")
}

func TestCloseKeepsTheLastBeats(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute)
	h.pass(10 * time.Minute)
	if err := h.sweeper.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	p, err := h.events.Presence(t.Context(), front)
	if err != nil {
		t.Fatal(err)
	}
	if age := h.now.Sub(p.Last.ReceivedAt); age >= time.Minute {
		t.Errorf("the beat that was kept is %v old", age)
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.add(front, time.Minute)
	h.add(back, time.Hour)
	h.pass(10 * time.Minute)
	got := h.sweeper.Tally()
	if !got.Holding || got.Devices[telemetry.Online] != 1 || got.Devices[telemetry.Offline] != 1 || got.Failures != 0 {
		t.Errorf("tally %+v", got)
	}
	h.beats.down, h.failing = true, true
	h.pass(2 * time.Second)
	if got := h.sweeper.Tally(); got.Failures != 2 {
		t.Errorf("tally %+v, want 2 failures", got)
	}
}
