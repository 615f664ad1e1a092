package ratelimit

import (
	"context"
	"sync"
	"time"
)

// maxKeys bounds the memory that strangers can make us use: about 1 MB. Beyond
// it the limiter forgets a key for each new one, which is as if that key had
// done nothing yet.
const maxKeys = 10_000

// Memory is a Peeker inside one process.
type Memory struct {
	rule Rule
	now  func() time.Time

	mu        sync.Mutex
	full      map[string]time.Time // when the key's bucket will be full again
	nextSweep time.Time
}

// NewMemory allows perSecond events a second for each key and burst at once.
// now is time.Now, whose monotonic reading makes the limiter indifferent to
// clocks that jump; tests pass their own.
func NewMemory(perSecond float64, burst int, now func() time.Time) *Memory {
	return &Memory{rule: NewRule(perSecond, burst), now: now, full: make(map[string]time.Time)}
}

// Allow implements Limiter. It does not fail.
func (m *Memory) Allow(_ context.Context, key string) (time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	full, wait := m.state(key)
	if wait > 0 {
		return wait, nil
	}
	if _, known := m.full[key]; !known && len(m.full) >= maxKeys {
		m.forget()
	}
	m.full[key] = full.Add(m.rule.Interval)
	return 0, nil
}

// Peek implements Peeker. It does not fail.
func (m *Memory) Peek(_ context.Context, key string) (time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, wait := m.state(key)
	return wait, nil
}

// state returns when key's bucket will be full, not before now, and how long
// until it holds one event.
func (m *Memory) state(key string) (full time.Time, wait time.Duration) {
	now := m.now()
	full = m.full[key]
	if full.Before(now) {
		full = now
	}
	return full, max(full.Add(m.rule.Interval-m.rule.Window).Sub(now), 0)
}

// forget makes room for a key. It drops those whose bucket is full, for they are
// as good as new; but looks for them no more than once in a window, so that a
// flood of keys does not make every event cost a walk through all of them. When
// that gives no room it drops any one.
func (m *Memory) forget() {
	if now := m.now(); !now.Before(m.nextSweep) {
		m.nextSweep = now.Add(m.rule.Window)
		for key, full := range m.full {
			if !full.After(now) {
				delete(m.full, key)
			}
		}
	}
	for key := range m.full {
		if len(m.full) < maxKeys {
			return
		}
		delete(m.full, key)
	}
}
