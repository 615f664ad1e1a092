// Package memory keeps beats and device states in this process. It is the beat
// store of the embedded hub, and what a served telemetry falls back to while
// Redis is away. It forgets everything at exit; nothing that must last is here.
package memory

import (
	"sync"

	"home.arpa/nestbox/services/telemetry"
)

// States holds the device states that the registry publishes. In the hub the
// registry calls Set directly. It is safe for concurrent use.
type States struct {
	mu    sync.RWMutex
	known map[string]telemetry.DeviceState
}

// NewStates returns an empty States.
func NewStates() *States {
	return &States{known: map[string]telemetry.DeviceState{}}
}

// Set replaces the state of a device. The id is in canonical form. The state
// becomes Known.
func (s *States) Set(deviceID string, state telemetry.DeviceState) {
	state.Known = true
	// Nearly always nothing changed, and readers need not wait for that.
	if s.Get(deviceID) == state {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[deviceID] = state
}

// Get returns the state of a device; the zero state when it is unknown.
func (s *States) Get(deviceID string) telemetry.DeviceState {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.known[deviceID]
}
