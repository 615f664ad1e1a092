// Package memory holds what the registry says of devices inside one process, for the
// hub: the registry calls Set, media asks State.
package memory

import (
	"context"
	"sync"

	"home.arpa/nestbox/services/media"
)

// States implements media.States. The zero value is ready and knows nothing, so that
// everything is refused until the registry has spoken. It is safe for concurrent use.
type States struct {
	mu     sync.RWMutex
	states map[string]media.DeviceState
}

var _ media.States = (*States)(nil)

// Set makes state the present state of its device.
func (s *States) Set(state media.DeviceState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.states == nil {
		s.states = map[string]media.DeviceState{}
	}
	s.states[state.DeviceID] = state
}

// State implements media.States.
func (s *States) State(_ context.Context, deviceID string) (media.DeviceState, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	state, ok := s.states[deviceID]
	if !ok {
		return media.DeviceState{}, media.ErrNoState
	}
	return state, nil
}
