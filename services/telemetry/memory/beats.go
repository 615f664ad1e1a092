package memory

import (
	"context"
	"sync"
	"time"

	"home.arpa/nestbox/services/telemetry"
)

// Beats is a telemetry.BeatStore. None of its methods fails.
type Beats struct {
	states *States
	now    func() time.Time

	mu   sync.RWMutex
	last map[string]beat
	mark int64
}

type beat struct {
	telemetry.Beat
	mark    int64
	expires time.Time
}

var _ telemetry.BeatStore = (*Beats)(nil)

// NewBeats returns an empty store over these states. The clock needs a monotonic
// reading, since beats expire by it; nil means time.Now.
func NewBeats(states *States, now func() time.Time) *Beats {
	if now == nil {
		now = time.Now
	}
	return &Beats{states: states, now: now, last: map[string]beat{}}
}

// Beat implements telemetry.BeatStore.
func (s *Beats) Beat(_ context.Context, b *telemetry.Beat) (telemetry.DeviceState, error) {
	state := s.states.Get(b.DeviceID)
	if state.Admit(b.Epoch) == nil {
		s.Note(b, state)
	}
	return state, nil
}

// Note records a beat that another store has admitted with this state.
func (s *Beats) Note(b *telemetry.Beat, state telemetry.DeviceState) {
	e := beat{Beat: *b}
	e.Interval = state.Interval()
	e.expires = s.now().Add(e.Allowed())
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mark++
	e.mark = s.mark
	s.last[b.DeviceID] = e
}

// Device implements telemetry.BeatStore.
func (s *Beats) Device(_ context.Context, deviceID string) (telemetry.DeviceState, *telemetry.Beat, error) {
	s.mu.RLock()
	e, ok := s.last[deviceID]
	s.mu.RUnlock()
	if !ok {
		return s.states.Get(deviceID), nil, nil
	}
	return s.states.Get(deviceID), &e.Beat, nil
}

// States implements telemetry.BeatStore.
func (s *Beats) States(_ context.Context, deviceIDs []string) (map[string]telemetry.DeviceState, error) {
	states := make(map[string]telemetry.DeviceState, len(deviceIDs))
	for _, id := range deviceIDs {
		if state := s.states.Get(id); state.Known {
			states[id] = state
		}
	}
	return states, nil
}

// Latest implements telemetry.BeatStore.
func (s *Beats) Latest(_ context.Context, deviceIDs []string) (map[string]telemetry.Beat, error) {
	return s.pick(deviceIDs, func(beat) bool { return true }), nil
}

// Live implements telemetry.BeatStore.
func (s *Beats) Live(_ context.Context, deviceIDs []string) (map[string]telemetry.Beat, error) {
	now := s.now()
	return s.pick(deviceIDs, func(e beat) bool { return now.Before(e.expires) }), nil
}

func (s *Beats) pick(deviceIDs []string, want func(beat) bool) map[string]telemetry.Beat {
	picked := make(map[string]telemetry.Beat, len(deviceIDs))
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, id := range deviceIDs {
		if e, ok := s.last[id]; ok && want(e) {
			picked[id] = e.Beat
		}
	}
	return picked
}

// Marks implements telemetry.BeatStore.
func (s *Beats) Marks(context.Context) (map[string]int64, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	marks := make(map[string]int64, len(s.last))
	for id, e := range s.last {
		marks[id] = e.mark
	}
	return marks, nil
}

// Forget implements telemetry.BeatStore.
func (s *Beats) Forget(_ context.Context, deviceID string, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e, ok := s.last[deviceID]; ok && e.ReceivedAt.Before(before) {
		delete(s.last, deviceID)
	}
	return nil
}

// Lease is the telemetry.Lease of a process that is alone: it always has it.
type Lease struct{}

// Hold implements telemetry.Lease.
func (Lease) Hold(context.Context) (bool, error) { return true, nil }

// Release implements telemetry.Lease.
func (Lease) Release(context.Context) error { return nil }
