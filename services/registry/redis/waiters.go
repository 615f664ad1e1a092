package redis

import (
	"context"
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/memory"
)

const (
	channel = "nestbox:commands"

	// silence is how long nothing may come before the server is asked whether it is
	// there, and then how long the answer may take.
	silence = time.Second
	// againAfter is the pause before another subscription is tried.
	againAfter = 250 * time.Millisecond
)

// Waiters is a registry.Notifier for all registry processes with one Redis. Run
// must run for calls of other processes to arrive; the process's own arrive
// without Redis too.
type Waiters struct {
	local  *memory.Waiters
	client *redis.Client
	heard  atomic.Bool
}

var _ registry.Notifier = (*Waiters)(nil)

// NewWaiters returns a notifier. The client stays the caller's.
func NewWaiters(client *redis.Client) *Waiters {
	return &Waiters{local: memory.NewWaiters(), client: client}
}

// Notify implements registry.Notifier. It wakes this process's own first.
func (w *Waiters) Notify(ctx context.Context, deviceID string) error {
	_ = w.local.Notify(ctx, deviceID) // does not fail
	return failed(w.client.Publish(ctx, channel, deviceID).Err(), "notify device %s", deviceID)
}

// Listen implements registry.Notifier.
func (w *Waiters) Listen(deviceID string) (<-chan struct{}, func()) { return w.local.Listen(deviceID) }

// Reachable implements registry.Notifier.
func (w *Waiters) Reachable() bool { return w.heard.Load() }

// Run hears the calls of other processes until ctx ends, through any outage of
// Redis. It returns nil.
func (w *Waiters) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		w.hear(ctx)
		if w.heard.Swap(false) {
			// Those who wait must learn that they have to look more often now.
			w.local.NotifyAll()
		}
		pause := time.NewTimer(againAfter)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
		}
	}
	return nil
}

// hear subscribes and passes calls on until something fails. go-redis's own
// channel would heal silently; here a gap must be known, since calls are lost in
// it.
func (w *Waiters) hear(ctx context.Context) {
	sub := w.client.Subscribe(ctx, channel)
	defer func() { _ = sub.Close() }()
	// ReceiveTimeout does not end with ctx.
	stop := context.AfterFunc(ctx, func() { _ = sub.Close() })
	defer stop()
	asked := false
	for ctx.Err() == nil {
		m, err := sub.ReceiveTimeout(ctx, silence)
		switch {
		case isTimeout(err) && !asked:
			if asked = true; sub.Ping(ctx) != nil {
				return
			}
			continue
		case err != nil:
			return
		}
		asked = false
		switch m := m.(type) {
		case *redis.Subscription:
			w.heard.Store(true)
			// What was called before this moment was not heard.
			w.local.NotifyAll()
		case *redis.Message:
			_ = w.local.Notify(ctx, m.Payload) // does not fail
		}
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &n) && n.Timeout()
}
