package telemetry

import (
	"context"
	"fmt"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Lengths of a page of events.
const (
	DefaultLimit = 100
	MaxLimit     = 500
)

// EventPage is a part of the list of events, newest first.
type EventPage struct {
	Events []Event
	// Next continues behind the last event; zero when that was the last one.
	Next Cursor
}

// Events returns one page of the events that q selects. A limit of 0 means
// DefaultLimit; one outside 1 to MaxLimit is fault.Invalid.
func (s *Service) Events(ctx context.Context, q EventQuery) (EventPage, error) {
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return EventPage{}, fault.New(fault.Invalid, "limit must be from 1 to %d.", MaxLimit)
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		return EventPage{}, fault.New(fault.Invalid, "from must be earlier than to.")
	}
	// One more than asked for tells whether there is a next page.
	limit := q.Limit
	q.Limit++
	events, err := s.events.Events(ctx, q)
	if err != nil {
		return EventPage{}, fmt.Errorf("list events: %w", err)
	}
	if len(events) <= limit {
		return EventPage{Events: events}, nil
	}
	events = events[:limit]
	return EventPage{Events: events, Next: CursorOf(&events[limit-1])}, nil
}

// Presences returns the presence of every device, by device id, each with the
// newest beat that is known.
func (s *Service) Presences(ctx context.Context) ([]Presence, error) {
	rows, err := s.events.Presences(ctx)
	if err != nil {
		return nil, fmt.Errorf("list presences: %w", err)
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].DeviceID
	}
	latest, err := s.beats.Latest(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("list last beats: %w", err)
	}
	for i := range rows {
		rows[i].freshen(latest)
	}
	return rows, nil
}

// Presence returns the presence of one device with the newest beat that is
// known, or fault.NotFound.
func (s *Service) Presence(ctx context.Context, deviceID string) (Presence, error) {
	p, err := s.events.Presence(ctx, deviceID)
	if err != nil {
		return Presence{}, fmt.Errorf("presence of device %s: %w", deviceID, err)
	}
	latest, err := s.beats.Latest(ctx, []string{deviceID})
	if err != nil {
		return Presence{}, fmt.Errorf("last beat of device %s: %w", deviceID, err)
	}
	p.freshen(latest)
	return p, nil
}

// freshen replaces the recorded beat by the one of the beat store. It does not
// ask which of the two is later: after a clock was set back, that would be wrong.
func (p *Presence) freshen(latest map[string]Beat) {
	if b, ok := latest[p.DeviceID]; ok {
		p.Last = b
	}
}

// ErrNoPresence is what EventStore.Presence returns when there is no row.
var ErrNoPresence = fault.New(fault.NotFound, "no heartbeat of this device has been seen.")
