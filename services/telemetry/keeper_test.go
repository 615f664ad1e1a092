package telemetry_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/memory"
)

// archive is an event store that remembers what was to be removed.
type archive struct {
	telemetry.EventStore
	old     int
	cutoffs []time.Time
	err     error
}

func (a *archive) Retain(_ context.Context, before time.Time, limit int) (int, error) {
	a.cutoffs = append(a.cutoffs, before)
	n := min(a.old, limit)
	a.old -= n
	return n, a.err
}

func (a *archive) Devices(context.Context) ([]string, error) { return nil, a.err }

type nobody struct{}

func (nobody) Hold(context.Context) (bool, error) { return false, nil }
func (nobody) Release(context.Context) error      { return nil }

// clocks are a wall clock that can be set and one that cannot.
type clocks struct {
	wall time.Time
	up   time.Duration
}

func (c *clocks) pass(d time.Duration) { c.wall, c.up = c.wall.Add(d), c.up+d }

func newKeeper(events telemetry.EventStore, lease telemetry.Lease, retention time.Duration, c *clocks) *telemetry.Keeper {
	return telemetry.NewKeeper(telemetry.KeeperOptions{
		Beats: memory.NewBeats(memory.NewStates(), nil), Events: events, Lease: lease,
		Retention: retention, Logger: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return c.wall }, Uptime: func() time.Duration { return c.up },
	})
}

func TestRetentionWorksOnceAnHourInBatches(t *testing.T) {
	t.Parallel()
	c := &clocks{wall: received}
	a := &archive{old: 2500}
	k := newKeeper(a, memory.Lease{}, telemetry.DefaultRetention, c)
	keep := func(passed time.Duration, calls int) {
		t.Helper()
		c.pass(passed)
		if err := k.Keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(a.cutoffs) != calls {
			t.Fatalf("%v after the start: %d calls, want %d", c.up, len(a.cutoffs), calls)
		}
	}
	keep(59*time.Minute, 0) // not before the clock has proved steady for an hour
	keep(time.Minute, 3)
	keep(time.Minute, 3)
	keep(time.Hour, 4)
	if want := received.Add(time.Hour - 90*24*time.Hour); a.old != 0 || !a.cutoffs[0].Equal(want) {
		t.Errorf("%d are left, cut off at %v, want %v", a.old, a.cutoffs[0], want)
	}
}

func TestRetentionCanBeOffAndIsDoneByOne(t *testing.T) {
	t.Parallel()
	c := &clocks{wall: received}
	a := &archive{old: 10}
	forEver := newKeeper(a, memory.Lease{}, 0, c)
	notMine := newKeeper(a, nobody{}, time.Hour, c)
	c.pass(24 * time.Hour)
	for _, k := range []*telemetry.Keeper{forEver, notMine} {
		if err := k.Keep(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(a.cutoffs) != 0 {
		t.Errorf("events were removed: %v", a.cutoffs)
	}
}

func TestAClockThatJumpsTakesNoEventsWithIt(t *testing.T) {
	t.Parallel()
	c := &clocks{wall: received}
	a := &archive{old: 10}
	k := newKeeper(a, memory.Lease{}, telemetry.DefaultRetention, c)
	for hour, step := range []struct {
		jump  time.Duration
		calls int
	}{{365 * 24 * time.Hour, 0}, {-365 * 24 * time.Hour, 0}, {30 * time.Second, 1}, {0, 2}} {
		c.pass(time.Hour)
		c.wall = c.wall.Add(step.jump)
		if err := k.Keep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(a.cutoffs) != step.calls {
			t.Errorf("in hour %d, after a jump of %v: %d calls, want %d", hour, step.jump, len(a.cutoffs), step.calls)
		}
	}
}

func TestAFailedPassIsReported(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	a := &archive{err: down}
	k := newKeeper(a, memory.Lease{}, time.Hour, &clocks{})
	if err := k.Keep(t.Context()); !errors.Is(err, down) {
		t.Errorf("error %v", err)
	}
}
