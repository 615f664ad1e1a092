package api_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/api"
)

// stuck is a stream whose server does not answer until it is let go.
type stuck struct {
	stream.Stream
	release chan struct{}
	mu      sync.Mutex
	kinds   []string
}

func (s *stuck) Publish(ctx context.Context, kind string, _ any) error {
	select {
	case <-s.release:
	case <-ctx.Done():
		select {
		case <-s.release:
		default:
			return fault.New(fault.Unavailable, "down")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds = append(s.kinds, kind)
	return nil
}

func TestACameraDoesNotWaitForTheStream(t *testing.T) {
	t.Parallel()
	s := &stuck{release: make(chan struct{})}
	p := api.NewPublisher(s, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = p.Run(ctx) })
	const messages = 2000
	began := time.Now()
	for range messages / 2 {
		p.MotionReceived(&telemetry.Event{DeviceID: front})
		p.PresenceChanged(&telemetry.Presence{DeviceID: front})
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("publishing took %v", took)
	}
	close(s.release)
	cancel() // what waits is still sent
	running.Wait()
	if sent, lost := int64(len(s.kinds)), p.Lost(); sent+lost != messages || sent < 256 || s.kinds[0] != "motion.received" {
		t.Errorf("%d sent and %d lost of %d", sent, lost, messages)
	}
}
