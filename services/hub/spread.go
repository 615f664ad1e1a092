package hub

import (
	"context"
	"sync"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/media"
	mediamemory "home.arpa/nestbox/services/media/memory"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/telemetry"
	telemetrymemory "home.arpa/nestbox/services/telemetry/memory"
)

// spread is the registry's Publisher in one process: each device state goes straight into the memory in which telemetry and
// media look it up, so a revocation holds everywhere when the call that made it returns.
//
// Operators are not copied: in one process all services ask the registry itself.
type spread struct {
	telemetry *telemetrymemory.States
	media     *mediamemory.States

	once   sync.Once
	filled chan struct{} // closed when the first complete publication is through
}

var _ registry.Publisher = (*spread)(nil)

func newSpread() *spread {
	return &spread{telemetry: telemetrymemory.NewStates(), media: new(mediamemory.States), filled: make(chan struct{})}
}

// PublishDevice implements registry.Publisher. It does not fail.
func (s *spread) PublishDevice(_ context.Context, d registry.DeviceState) error {
	var deletedAt time.Time
	if d.DeletedAtMs != 0 {
		deletedAt = time.UnixMilli(d.DeletedAtMs).UTC()
	}
	s.media.Set(media.DeviceState{
		DeviceID: d.DeviceID, Epoch: d.Epoch, Status: media.Status(d.Status),
		PrivacyLocked: d.PrivacyLocked, PrivacyGeneration: d.PrivacyGeneration, DeletedAt: deletedAt,
	})
	s.telemetry.Set(d.DeviceID, telemetry.DeviceState{
		Epoch: d.Epoch, Status: telemetry.Status(d.Status),
		PrivacyLocked: d.PrivacyLocked, PrivacyGeneration: d.PrivacyGeneration,
		PendingCommands:   d.PendingCommands,
		HeartbeatInterval: time.Duration(d.HeartbeatIntervalSeconds) * time.Second,
		DeletedAt:         deletedAt,
	})
	return nil
}

// PublishOperator implements registry.Publisher.
func (s *spread) PublishOperator(context.Context, string, auth.Principal, time.Time) error {
	return nil
}

// ForgetOperator implements registry.Publisher.
func (s *spread) ForgetOperator(context.Context, string) error { return nil }

// Published implements registry.Publisher: memory is new at each start and never emptied.
func (s *spread) Published(context.Context) (bool, error) {
	select {
	case <-s.filled:
		return true, nil
	default:
		return false, nil
	}
}

// BeginPublishing implements registry.Publisher.
func (s *spread) BeginPublishing(context.Context) (end func(context.Context) error, err error) {
	return func(context.Context) error {
		s.once.Do(func() { close(s.filled) })
		return nil
	}, nil
}
