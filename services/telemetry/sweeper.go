package telemetry

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// sweepEvery is the period of the sweeper, and so the most by which presence
	// lags behind a beat.
	sweepEvery = time.Second
	// reloadEvery is how often the sweeper compares what it remembers with the
	// database: rows go when devices are deleted.
	reloadEvery = time.Minute
	// stalledAfter is the pause between two passes after which beats may have been
	// missed: a process that was frozen received none, whoever sent them.
	stalledAfter = 10 * time.Second
	// maxUnsavedBoots bounds what is remembered while the database is away.
	maxUnsavedBoots = 1000
)

// Sweeper is the one writer of presence. Once a second it looks at the marks of
// the beat store, judges every device, and writes all changes in one
// transaction. A pass that finds nothing new writes nothing and asks the
// database nothing.
//
// It never calls a device offline that it could not watch: after it begins,
// after the beat store was away or lost its memory, every device gets its whole
// allowed silence again.
//
// Of several replicas the one that holds the lease sweeps. Sweep and Run must
// not be called at the same time; Tally may be called at any time.
type Sweeper struct {
	beats   BeatStore
	events  EventStore
	lease   Lease
	publish Publisher
	log     *slog.Logger
	now     func() time.Time

	holding   bool // the lease, as of the last pass
	begun     bool // the rows were loaded once since the lease was taken
	loaded    bool // watches hold what the database holds
	loadedAt  time.Time
	firstLook bool // no beat was looked at since the watches began
	lookedAt  time.Time
	blind     bool // the last look at the beat store failed
	watches   map[string]*watched
	boots     []Boot // seen and not yet saved

	mu    sync.Mutex
	tally Tally
}

// watched is what the sweeper remembers of one device.
type watched struct {
	Watch
	mark int64
	last Beat // with ReceivedAt zero when none was seen
	// pending is the state that is to be written and since when, so that a
	// database that was away does not move the time of the change.
	pending      State
	pendingSince time.Time

	bootID    string
	bootStart time.Time
	dropped   DropCount
}

// Tally is what the sweeper knows, for metrics.
type Tally struct {
	// Holding says whether this replica has the lease.
	Holding bool
	// Devices counts the devices by state; empty when not Holding.
	Devices map[State]int
	// Failures counts the passes that failed.
	Failures int64
}

// SweeperOptions are the parts of a Sweeper.
type SweeperOptions struct {
	Beats     BeatStore
	Events    EventStore
	Lease     Lease
	Publisher Publisher
	Logger    *slog.Logger
	// Now is the clock, with a monotonic reading; nil means time.Now.
	Now func() time.Time
}

// NewSweeper returns a Sweeper of these parts.
func NewSweeper(o SweeperOptions) *Sweeper {
	s := &Sweeper{
		beats: o.Beats, events: o.Events, lease: o.Lease, publish: o.Publisher,
		log: o.Logger, now: o.Now, watches: map[string]*watched{},
	}
	if s.now == nil {
		s.now = time.Now
	}
	return s
}

// Tally returns the sweeper's numbers.
func (s *Sweeper) Tally() Tally {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tally
}

// Run sweeps once a second until ctx ends, then saves the last beats and gives
// up the lease. It returns nil: what fails is tried again a second later.
func (s *Sweeper) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	failing := false
	for ctx.Err() == nil {
		err := s.Sweep(ctx)
		// One line when it begins and one when it ends, not one a second.
		if ctx.Err() == nil && failing != (err != nil) {
			if failing = err != nil; failing {
				s.log.WarnContext(ctx, "presence is not being recorded", "error", err)
			} else {
				s.log.InfoContext(ctx, "presence is being recorded again")
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := s.Close(stopping); err != nil {
		s.log.WarnContext(stopping, "presence was not saved at stop", "error", err)
	}
	return nil
}

// Close saves the last beats, which otherwise the next start would know only
// from the last change of each device, and gives up the lease.
func (s *Sweeper) Close(ctx context.Context) error {
	var beats []Beat
	if s.begun {
		for _, w := range s.watches {
			if !w.last.ReceivedAt.IsZero() {
				beats = append(beats, w.last)
			}
		}
	}
	s.forget()
	var err error
	if len(beats) > 0 {
		err = s.events.SaveBeats(ctx, beats)
	}
	return errors.Join(err, s.lease.Release(ctx))
}

// Sweep makes one pass.
func (s *Sweeper) Sweep(ctx context.Context) (err error) {
	defer func() { s.count(err) }()
	if s.holding, err = s.lease.Hold(ctx); err != nil {
		s.blind = true
		return fmt.Errorf("hold the sweeper's lease: %w", err)
	}
	if !s.holding {
		s.forget()
		return nil
	}
	now := s.now()
	var stale error
	if !s.loaded || now.Sub(s.loadedAt) >= reloadEvery {
		// Without its rows a watch cannot begin. Afterwards it goes on without them, so
		// that what happens while the database is away is dated when it happens.
		if stale = s.load(ctx, now); stale != nil && !s.begun {
			return stale
		}
	}
	if now.Sub(s.lookedAt) > stalledAfter {
		s.blind = true
	}
	if err := s.look(ctx, now); err != nil {
		s.blind = true
		return err
	}
	s.lookedAt, s.blind, s.firstLook = now, false, false
	return errors.Join(stale, s.record(ctx, now))
}

// forget drops everything: another replica sweeps, and what it writes is not
// known here.
func (s *Sweeper) forget() {
	s.holding, s.begun, s.loaded, s.blind = false, false, false, false
	clear(s.watches)
	s.boots = nil
}

// load takes over the rows of the database. The first time this begins the
// watch of every device; later it drops the watches of deleted devices and
// adopts what another sweeper wrote.
func (s *Sweeper) load(ctx context.Context, now time.Time) error {
	rows, err := s.events.Presences(ctx)
	if err != nil {
		return fmt.Errorf("load presences: %w", err)
	}
	if !s.begun {
		s.begun, s.firstLook, s.lookedAt = true, true, now
	}
	there := make(map[string]bool, len(rows))
	for i := range rows {
		row := &rows[i]
		there[row.DeviceID] = true
		w := s.watches[row.DeviceID]
		if w == nil {
			w = &watched{}
			w.Interval, w.Sleep = row.Last.Interval, row.Last.Reading.Sleep()
			w.Blind(now)
			s.watches[row.DeviceID] = w
		}
		w.State, w.Since, w.dropped = row.State, row.Since, row.Dropped
	}
	for id, w := range s.watches {
		if w.State != "" && !there[id] {
			delete(s.watches, id)
		}
	}
	s.loaded, s.loadedAt = true, now
	return nil
}

// look reads the beat store and notes every new beat.
func (s *Sweeper) look(ctx context.Context, now time.Time) error {
	marks, err := s.beats.Marks(ctx)
	if err != nil {
		return fmt.Errorf("read marks of beats: %w", err)
	}
	lost := false
	for id, w := range s.watches {
		if w.mark != 0 && marks[id] == 0 {
			lost = true
			w.mark = 0
		}
	}
	var moved []string
	for id, mark := range marks {
		if w := s.watches[id]; w == nil || w.mark != mark {
			moved = append(moved, id)
		}
	}
	var live map[string]Beat
	if len(moved) > 0 {
		if live, err = s.beats.Live(ctx, moved); err != nil {
			return fmt.Errorf("read new beats: %w", err)
		}
	}
	if s.blind || lost {
		for _, w := range s.watches {
			w.Blind(now)
		}
	}
	for _, id := range moved {
		s.note(id, marks[id], live, now)
	}
	return nil
}

// note takes in the new mark of a device. A beat that expired before anyone
// looked is no sign of life.
func (s *Sweeper) note(id string, mark int64, live map[string]Beat, now time.Time) {
	w := s.watches[id]
	if w == nil {
		w = &watched{}
		s.watches[id] = w
	}
	w.mark = mark
	b, ok := live[id]
	if !ok {
		return
	}
	var age time.Duration
	if s.firstLook {
		// This beat was there before the watches; how long, only wall clocks know.
		age = now.Round(0).Sub(b.ReceivedAt)
	}
	w.Saw(&b, now, age)
	w.last = b
	s.noteBoot(w, &b)
}

// noteBoot remembers a boot that is new, or whose start moved because our clock
// was set.
func (s *Sweeper) noteBoot(w *watched, b *Beat) {
	id := b.Reading.BootID
	if id == "" {
		return
	}
	start, known := b.BootStart()
	if id == w.bootID && (!known || start.Sub(w.bootStart).Abs() <= BootSlack) {
		return
	}
	w.bootID, w.bootStart = id, start
	if !known {
		start = time.Time{}
	}
	boot := Boot{DeviceID: b.DeviceID, BootID: id, StartedAt: start, ReceivedAt: b.ReceivedAt, ResetReason: b.Reading.ResetReason}
	boot.Event = bootEvent(&boot)
	if len(s.boots) == maxUnsavedBoots {
		s.boots = s.boots[1:]
	}
	s.boots = append(s.boots, boot)
}

func (s *Sweeper) count(err error) {
	tally := Tally{Holding: s.holding, Devices: map[State]int{}}
	for _, w := range s.watches {
		if w.State != "" {
			tally.Devices[w.State]++
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	tally.Failures = s.tally.Failures
	if err != nil {
		tally.Failures++
	}
	s.tally = tally
}
