package telemetry

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

const (
	// purgeEvery is how long the events of a deleted device may still be listed.
	purgeEvery = 10 * time.Second
	// retainEvery is the period of retention. It also is how long the hub must
	// have run with a steady clock before it deletes anything for its age.
	retainEvery = time.Hour
	// removeBatch is the most events that one transaction removes, so that no
	// camera waits long for the database.
	removeBatch = 1000
	// clockSlack is how much the wall clock may be adjusted in an hour and still
	// count as steady.
	clockSlack = time.Minute
)

// DefaultRetention is how long events are kept unless set otherwise.
const DefaultRetention = 90 * 24 * time.Hour

// Keeper removes what need not be kept: everything of a deleted device that was
// received before its deletion, and events beyond the age of retention. It
// holds a lease of its own, so that of several replicas one does the work; two
// at once would do no harm.
type Keeper struct {
	beats     BeatStore
	events    EventStore
	lease     Lease
	retention time.Duration
	log       *slog.Logger
	now       func() time.Time
	uptime    func() time.Duration

	// When retention was last due, by both clocks.
	retainedAt time.Time
	retainedUp time.Duration
}

// KeeperOptions are the parts of a Keeper.
type KeeperOptions struct {
	Beats  BeatStore
	Events EventStore
	Lease  Lease
	// Retention is the age at which events go; 0 keeps them for ever.
	Retention time.Duration
	Logger    *slog.Logger
	// Now is the wall clock; nil means time.Now.
	Now func() time.Time
	// Uptime is a clock that nobody sets; nil means the time since NewKeeper.
	Uptime func() time.Duration
}

// NewKeeper returns a Keeper of these parts.
func NewKeeper(o KeeperOptions) *Keeper {
	k := &Keeper{
		beats: o.Beats, events: o.Events, lease: o.Lease,
		retention: o.Retention, log: o.Logger, now: o.Now, uptime: o.Uptime,
	}
	if k.now == nil {
		k.now = time.Now
	}
	if k.uptime == nil {
		start := time.Now()
		k.uptime = func() time.Duration { return time.Since(start) }
	}
	k.retainedAt, k.retainedUp = k.now().Round(0), k.uptime()
	return k
}

// Run works until ctx ends and returns nil: what fails is tried again.
func (k *Keeper) Run(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			// A lease that cannot be released runs out.
			_ = k.lease.Release(stopping)
			return nil
		case <-tick.C:
		}
		// An outage is told by readiness and by the sweeper, which fails first.
		if err := k.Keep(ctx); err != nil && ctx.Err() == nil {
			k.log.DebugContext(ctx, "telemetry was not tidied up", "error", err)
		}
	}
}

// Keep makes one pass.
func (k *Keeper) Keep(ctx context.Context) error {
	held, err := k.lease.Hold(ctx)
	if err != nil {
		return fmt.Errorf("hold the keeper's lease: %w", err)
	}
	if !held {
		return nil
	}
	if err := k.purge(ctx); err != nil {
		return err
	}
	return k.retain(ctx)
}

// purge removes what was received of a device before it was deleted.
func (k *Keeper) purge(ctx context.Context) error {
	ids, err := k.events.Devices(ctx)
	if err != nil {
		return fmt.Errorf("list devices: %w", err)
	}
	states, err := k.beats.States(ctx, ids)
	if err != nil {
		return fmt.Errorf("read device states: %w", err)
	}
	for id, state := range states {
		if state.DeletedAt.IsZero() {
			continue
		}
		if err := k.beats.Forget(ctx, id, state.DeletedAt); err != nil {
			return fmt.Errorf("forget beats of device %s: %w", id, err)
		}
		n, err := inBatches(ctx, func() (int, error) {
			return k.events.PurgeDevice(ctx, id, state.DeletedAt, removeBatch)
		})
		if err != nil {
			return fmt.Errorf("purge device %s: %w", id, err)
		}
		if n > 0 {
			k.log.InfoContext(ctx, "events of a deleted device are gone", "device_id", id, "events", n)
		}
	}
	return nil
}

// retain removes events by age, once an hour. It trusts the wall clock only if
// that ran as fast as the other one since the last time: a clock that jumps a
// year ahead must not take a year of events with it.
func (k *Keeper) retain(ctx context.Context) error {
	now, up := k.now().Round(0), k.uptime() // Round drops the monotonic reading
	passed, steady := now.Sub(k.retainedAt), up-k.retainedUp
	if k.retention <= 0 || steady < retainEvery {
		return nil
	}
	k.retainedAt, k.retainedUp = now, up
	if (passed - steady).Abs() > clockSlack {
		k.log.WarnContext(ctx, "the clock was set; events are not removed for their age in this hour")
		return nil
	}
	n, err := inBatches(ctx, func() (int, error) {
		return k.events.Retain(ctx, now.Add(-k.retention).UTC(), removeBatch)
	})
	if err != nil {
		return fmt.Errorf("remove events older than %v: %w", k.retention, err)
	}
	if n > 0 {
		k.log.InfoContext(ctx, "old events are gone", "events", n)
	}
	return nil
}

// inBatches calls remove until it finds less than a whole batch, and returns
// the sum.
func inBatches(ctx context.Context, remove func() (int, error)) (total int, err error) {
	for {
		n, err := remove()
		if total += n; err != nil || n < removeBatch || ctx.Err() != nil {
			return total, err
		}
	}
}
