// Package failover keeps telemetry answering while Redis is away: heartbeats go
// to the memory of this process, and a breaker spares every request the wait
// for a server that is known to be gone.
//
// It owns the decision which store answers. It refuses to know Redis: it sees
// two stores with one interface.
package failover

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// probeEvery is how often a breaker that is open asks whether it may close.
const probeEvery = 250 * time.Millisecond

// errOpen is the answer in place of a call that would only wait.
var errOpen = fault.New(fault.Unavailable, "Redis is away.").After(2 * time.Second)

// Breaker remembers that a dependency is away. The first call that finds out
// opens it; Run closes it when the dependency answers again. Requests never
// probe, so that none of them pays the time-out.
//
// A single slow answer opens it too. That costs a moment of degraded service
// and no data, so there is no count of failures to tune. It is safe for
// concurrent use.
type Breaker struct {
	probe   func(ctx context.Context) error
	open    atomic.Bool
	outages atomic.Int64
	wake    chan struct{}
}

// NewBreaker returns a closed breaker whose Run uses this probe.
func NewBreaker(probe func(ctx context.Context) error) *Breaker {
	return &Breaker{probe: probe, wake: make(chan struct{}, 1)}
}

// Do calls fn unless the breaker is open. An Unavailable error of fn opens it.
func (b *Breaker) Do(fn func() error) error {
	if b.open.Load() {
		return errOpen
	}
	err := fn()
	if fault.KindOf(err) == fault.Unavailable && !errors.Is(err, context.Canceled) {
		b.trip()
	}
	return err
}

func (b *Breaker) trip() {
	if b.open.Swap(true) {
		return
	}
	b.outages.Add(1)
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// Open says whether calls are refused at present.
func (b *Breaker) Open() bool { return b.open.Load() }

// Outages counts how often the breaker opened.
func (b *Breaker) Outages() int64 { return b.outages.Load() }

// Run closes the breaker when the dependency answers again. It works until ctx
// ends and returns nil.
func (b *Breaker) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-b.wake:
		}
		b.untilClosed(ctx)
	}
}

func (b *Breaker) untilClosed(ctx context.Context) {
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if b.probe(ctx) == nil {
			b.open.Store(false)
			return
		}
	}
}
