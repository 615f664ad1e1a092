// Package memory holds what the registry need not keep: who waits for a
// command, and, for a hub that is one process, what the other services look up.
package memory

import (
	"context"
	"sync"

	"home.arpa/nestbox/services/registry"
)

// Waiters is a registry.Notifier inside one process. The zero value is ready.
type Waiters struct {
	mu      sync.Mutex
	waiting map[string]map[chan struct{}]bool
}

var _ registry.Notifier = (*Waiters)(nil)

// NewWaiters returns one that nobody waits at.
func NewWaiters() *Waiters { return &Waiters{} }

// Notify implements registry.Notifier. It does not wait and does not fail.
func (w *Waiters) Notify(_ context.Context, deviceID string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.waiting[deviceID] {
		wake(c)
	}
	return nil
}

// NotifyAll wakes everyone: for when calls may have been lost.
func (w *Waiters) NotifyAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, channels := range w.waiting {
		for c := range channels {
			wake(c)
		}
	}
}

// wake leaves a full channel as it is: its reader has a look before it all the same.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Listen implements registry.Notifier.
func (w *Waiters) Listen(deviceID string) (woken <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == nil {
		w.waiting = map[string]map[chan struct{}]bool{}
	}
	if w.waiting[deviceID] == nil {
		w.waiting[deviceID] = map[chan struct{}]bool{}
	}
	w.waiting[deviceID][c] = true
	return c, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.waiting[deviceID], c)
		if len(w.waiting[deviceID]) == 0 {
			delete(w.waiting, deviceID)
		}
	}
}

// Reachable implements registry.Notifier: there is no other process.
func (*Waiters) Reachable() bool { return true }
