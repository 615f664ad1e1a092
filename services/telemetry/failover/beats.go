package failover

import (
	"context"
	"sync/atomic"
	"time"

	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/memory"
)

// Beats is a telemetry.BeatStore that answers from memory while its main store
// is away. The memory holds what this process has seen: the last beats that
// passed through it, and the last state of their devices, so that a device
// which was seen revoked stays refused.
//
// What only one process knows is no base for presence. Marks, Live and States,
// which the background work reads, therefore fail while the main store is away,
// and Marks fails once more after that, so that the sweeper learns that beats
// passed it by.
type Beats struct {
	main    telemetry.BeatStore
	breaker *Breaker
	states  *memory.States
	local   *memory.Beats

	fallbacks atomic.Int64
	marked    atomic.Int64 // Breaker.Outages as of the last Marks
}

var _ telemetry.BeatStore = (*Beats)(nil)

// NewBeats returns a store over main. The clock is for the memory; nil means
// time.Now.
func NewBeats(main telemetry.BeatStore, breaker *Breaker, now func() time.Time) *Beats {
	states := memory.NewStates()
	return &Beats{main: main, breaker: breaker, states: states, local: memory.NewBeats(states, now)}
}

// Fallbacks counts the requests that were answered from memory.
func (s *Beats) Fallbacks() int64 { return s.fallbacks.Load() }

// Beat implements telemetry.BeatStore. It fails only when ctx has ended.
func (s *Beats) Beat(ctx context.Context, b *telemetry.Beat) (telemetry.DeviceState, error) {
	if last := s.states.Get(b.DeviceID); last.Admit(b.Epoch) != nil {
		// A device that was refused before is looked up before it may leave a trace:
		// an emptied main store knows nothing and would let it in.
		state, _, err := s.Device(ctx, b.DeviceID)
		if err != nil || state.Admit(b.Epoch) != nil {
			return state, err
		}
	}
	var state telemetry.DeviceState
	err := s.breaker.Do(func() (err error) {
		state, err = s.main.Beat(ctx, b)
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return telemetry.DeviceState{}, err
		}
		s.fallbacks.Add(1)
		return s.local.Beat(ctx, b)
	}
	state = s.learn(b.DeviceID, state)
	if state.Admit(b.Epoch) == nil {
		s.local.Note(b, state)
	}
	return state, nil
}

// Device implements telemetry.BeatStore. It fails only when ctx has ended.
func (s *Beats) Device(ctx context.Context, deviceID string) (telemetry.DeviceState, *telemetry.Beat, error) {
	var state telemetry.DeviceState
	var last *telemetry.Beat
	err := s.breaker.Do(func() (err error) {
		state, last, err = s.main.Device(ctx, deviceID)
		return err
	})
	if err != nil {
		if ctx.Err() != nil {
			return telemetry.DeviceState{}, nil, err
		}
		s.fallbacks.Add(1)
		return s.local.Device(ctx, deviceID)
	}
	if last == nil {
		_, last, _ = s.local.Device(ctx, deviceID) // memory does not fail
	}
	return s.learn(deviceID, state), last, nil
}

// learn keeps a state that the main store knows, and returns the last one that
// was kept when the main store knows none: it may have been emptied.
func (s *Beats) learn(deviceID string, state telemetry.DeviceState) telemetry.DeviceState {
	if !state.Known {
		return s.states.Get(deviceID)
	}
	s.states.Set(deviceID, state)
	return state
}

// Latest implements telemetry.BeatStore.
func (s *Beats) Latest(ctx context.Context, deviceIDs []string) (latest map[string]telemetry.Beat, err error) {
	err = s.breaker.Do(func() (err error) {
		latest, err = s.main.Latest(ctx, deviceIDs)
		return err
	})
	if err != nil && ctx.Err() == nil {
		s.fallbacks.Add(1)
		return s.local.Latest(ctx, deviceIDs)
	}
	return latest, err
}

// States implements telemetry.BeatStore.
func (s *Beats) States(ctx context.Context, deviceIDs []string) (states map[string]telemetry.DeviceState, err error) {
	err = s.breaker.Do(func() (err error) {
		states, err = s.main.States(ctx, deviceIDs)
		return err
	})
	return states, err
}

// Live implements telemetry.BeatStore.
func (s *Beats) Live(ctx context.Context, deviceIDs []string) (live map[string]telemetry.Beat, err error) {
	err = s.breaker.Do(func() (err error) {
		live, err = s.main.Live(ctx, deviceIDs)
		return err
	})
	return live, err
}

// Marks implements telemetry.BeatStore. After an outage its first call fails.
func (s *Beats) Marks(ctx context.Context) (marks map[string]int64, err error) {
	if outages := s.breaker.Outages(); s.marked.Swap(outages) != outages {
		return nil, errOpen
	}
	err = s.breaker.Do(func() (err error) {
		marks, err = s.main.Marks(ctx)
		return err
	})
	return marks, err
}

// Forget implements telemetry.BeatStore.
func (s *Beats) Forget(ctx context.Context, deviceID string, before time.Time) error {
	_ = s.local.Forget(ctx, deviceID, before) // memory does not fail
	return s.breaker.Do(func() error { return s.main.Forget(ctx, deviceID, before) })
}
