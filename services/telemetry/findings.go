package telemetry

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// record writes what the watches show and the database does not, and publishes
// it.
func (s *Sweeper) record(ctx context.Context, now time.Time) error {
	f := s.findings(now)
	if f.Empty() {
		return nil
	}
	recorded, err := s.events.RecordSweep(ctx, f)
	if err != nil {
		return fmt.Errorf("record presence: %w", err)
	}
	s.boots = nil
	for _, d := range f.Drops {
		s.watches[d.DeviceID].dropped = d.To
	}
	for i := range f.Changes {
		p := &f.Changes[i].Presence
		w := s.watches[p.DeviceID]
		w.State, w.Since, w.pending = p.State, p.Since, ""
		if !recorded.Changes[i] {
			// The database is not as we believed: read it before the next pass.
			s.loaded = false
			continue
		}
		s.publish.PresenceChanged(p)
	}
	return nil
}

func (s *Sweeper) findings(now time.Time) *Findings {
	f := &Findings{Boots: s.boots}
	wall := now.UTC().Truncate(time.Millisecond)
	for id, w := range s.watches {
		switch state := w.Judge(now); {
		case state == w.State:
			w.pending = ""
		case state != w.pending:
			w.pending, w.pendingSince = state, wall
			fallthrough
		default:
			f.Changes = append(f.Changes, w.change(id, wall))
		}
		if d := w.drop(id); d.To != d.From {
			f.Drops = append(f.Drops, d)
		}
	}
	// In one order always, so that two sweepers cannot deadlock on the rows.
	slices.SortStableFunc(f.Boots, func(a, b Boot) int { return strings.Compare(a.DeviceID, b.DeviceID) })
	slices.SortFunc(f.Changes, func(a, b Change) int { return strings.Compare(a.Presence.DeviceID, b.Presence.DeviceID) })
	slices.SortFunc(f.Drops, func(a, b Drop) int { return strings.Compare(a.DeviceID, b.DeviceID) })
	return f
}

// change is the transition of a device to its pending state. Its last beat is
// left empty when none was seen, which keeps the one that is recorded.
func (w *watched) change(id string, wall time.Time) Change {
	c := Change{Previous: w.State, Presence: Presence{DeviceID: id, State: w.pending, Since: w.pendingSince, Last: w.last}}
	c.Event = newEvent(id, KindPresence, w.pendingSince, wall, Received)
	c.Event.Detail = map[string]any{"to": string(w.pending)}
	if w.State != "" {
		c.Event.Detail["from"] = string(w.State)
	}
	return c
}

// drop is the change of a camera's count of lost events since it was recorded.
// A new boot that lost nothing yet is not worth a write.
func (w *watched) drop(id string) Drop {
	d := Drop{DeviceID: id, From: w.dropped, To: w.dropped}
	r := &w.last.Reading
	if r.EventsDropped == nil || (*r.EventsDropped == 0 && r.BootID != w.dropped.BootID) {
		return d
	}
	d.To = DropCount{BootID: r.BootID, N: *r.EventsDropped}
	lost := d.To.N - d.From.N
	if d.To.BootID != d.From.BootID || lost < 0 {
		lost = d.To.N // it counts from 0 again
	}
	if lost > 0 {
		e := newEvent(id, KindQueueOverflow, w.last.ReceivedAt, w.last.ReceivedAt, Received)
		e.BootID = r.BootID
		e.Detail = map[string]any{"dropped": lost}
		d.Event = &e
	}
	return d
}

// bootEvent is the event of a boot: dated by its start when that is known.
func bootEvent(b *Boot) Event {
	at, clock := b.StartedAt, Computed
	if at.IsZero() {
		at, clock = b.ReceivedAt, Received
	}
	e := newEvent(b.DeviceID, KindBoot, at, b.ReceivedAt, clock)
	e.BootID = b.BootID
	if b.ResetReason != "" {
		e.Detail = map[string]any{"reset_reason": b.ResetReason}
	}
	return e
}
