package storetest

import (
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

func hubEvent(deviceID string, kind telemetry.Kind, at time.Time) telemetry.Event {
	e := *motion(deviceID, at)
	e.Kind, e.Clock, e.MotionScore = kind, telemetry.Received, nil
	return e
}

func change(deviceID string, from, to telemetry.State, at time.Time) telemetry.Change {
	c := telemetry.Change{
		Previous: from,
		Presence: telemetry.Presence{DeviceID: deviceID, State: to, Since: at, Last: beat(deviceID, at.Add(-time.Second))},
		Event:    hubEvent(deviceID, telemetry.KindPresence, at),
	}
	c.Event.Detail = map[string]any{"from": string(from), "to": string(to)}
	return c
}

func recordChanges(t *testing.T, s telemetry.EventStore, changes ...telemetry.Change) []bool {
	t.Helper()
	recorded, err := s.RecordSweep(t.Context(), &telemetry.Findings{Changes: changes})
	must(t, err)
	if len(recorded.Changes) != len(changes) {
		t.Fatalf("%d answers for %d changes", len(recorded.Changes), len(changes))
	}
	return recorded.Changes
}

func presence(t *testing.T, s telemetry.EventStore, deviceID string) telemetry.Presence {
	t.Helper()
	p, err := s.Presence(t.Context(), deviceID)
	must(t, err)
	return p
}

func changes(t *testing.T, s telemetry.EventStore) {
	_, err := s.Presence(t.Context(), deviceA)
	wantKind(t, err, fault.NotFound)

	begin := change(deviceA, "", telemetry.Online, base)
	if got := recordChanges(t, s, begin, change(deviceB, "", telemetry.Asleep, base)); !got[0] || !got[1] {
		t.Fatalf("first states recorded: %v", got)
	}
	p := presence(t, s, deviceA)
	if p.DeviceID != deviceA || p.State != telemetry.Online || !p.Since.Equal(base) {
		t.Errorf("presence %+v", p)
	}
	if want := begin.Presence.Last; string(p.Last.Stored()) != string(want.Stored()) || p.Last.DeviceID != deviceA {
		t.Errorf("last beat %s, want %s", p.Last.Stored(), want.Stored())
	}

	// The same change again, as after a lost answer; and one from a state that is not there.
	later := base.Add(time.Minute)
	if got := recordChanges(t, s, begin, change(deviceA, telemetry.Late, telemetry.Offline, later),
		change(deviceC, telemetry.Online, telemetry.Late, later)); got[0] || got[1] || got[2] {
		t.Errorf("recorded against the state that is there: %v", got)
	}
	// A change without a beat keeps the beat that is there.
	silent := change(deviceA, telemetry.Online, telemetry.Late, later)
	silent.Presence.Last = telemetry.Beat{}
	if got := recordChanges(t, s, silent); !got[0] {
		t.Errorf("the change was not recorded")
	}
	p = presence(t, s, deviceA)
	if p.State != telemetry.Late || !p.Since.Equal(later) || !p.Last.ReceivedAt.Equal(begin.Presence.Last.ReceivedAt) {
		t.Errorf("presence %+v", p)
	}
	events := list(t, s, telemetry.EventQuery{DeviceID: deviceA})
	if len(events) != 2 {
		t.Fatalf("%d presence events, want 2", len(events))
	}
	must(t, equalEvents(&events[0], &silent.Event))
	must(t, equalEvents(&events[1], &begin.Event))

	all, err := s.Presences(t.Context())
	must(t, err)
	if len(all) != 2 || all[0].DeviceID != deviceA || all[1].DeviceID != deviceB || all[1].State != telemetry.Asleep {
		t.Errorf("presences %+v", all)
	}
}

func boots(t *testing.T, s telemetry.EventStore) {
	boot := func(id string, start time.Time) telemetry.Boot {
		b := telemetry.Boot{DeviceID: deviceA, BootID: id, StartedAt: start, ReceivedAt: base, ResetReason: "brownout"}
		b.Event = hubEvent(deviceA, telemetry.KindBoot, base)
		b.Event.BootID = id
		return b
	}
	start := base.Add(-time.Hour)
	sweep := func(all ...telemetry.Boot) {
		t.Helper()
		_, err := s.RecordSweep(t.Context(), &telemetry.Findings{Boots: all})
		must(t, err)
	}
	wantStart := func(id string, want time.Time) {
		t.Helper()
		got, err := s.BootStart(t.Context(), deviceA, id)
		must(t, err)
		if !got.Equal(want) {
			t.Errorf("boot %s began at %v, want %v", id, got, want)
		}
	}
	sweep(boot("one", start), boot("two", time.Time{}))
	wantStart("one", start)
	wantStart("two", time.Time{})
	wantStart("three", time.Time{})

	sweep(boot("one", start.Add(telemetry.BootSlack)), boot("two", start))
	wantStart("one", start) // within the slack the first computation stays
	wantStart("two", start)
	sweep(boot("one", start.Add(-2*telemetry.BootSlack)), boot("two", time.Time{}))
	wantStart("one", start.Add(-2*telemetry.BootSlack))
	wantStart("two", start)
	if got := list(t, s, telemetry.EventQuery{Kind: telemetry.KindBoot}); len(got) != 2 {
		t.Errorf("%d boot events, want 2", len(got))
	}
}

func drops(t *testing.T, s telemetry.EventStore) {
	recordChanges(t, s, change(deviceA, "", telemetry.Online, base))
	sweep := func(from, to telemetry.DropCount, withEvent bool) {
		t.Helper()
		d := telemetry.Drop{DeviceID: deviceA, From: from, To: to}
		if withEvent {
			e := hubEvent(deviceA, telemetry.KindQueueOverflow, base)
			e.Detail = map[string]any{"dropped": to.N - from.N}
			d.Event = &e
		}
		_, err := s.RecordSweep(t.Context(), &telemetry.Findings{Drops: []telemetry.Drop{d}})
		must(t, err)
	}
	want := func(count telemetry.DropCount, events int) {
		t.Helper()
		if got := presence(t, s, deviceA).Dropped; got != count {
			t.Errorf("dropped %+v, want %+v", got, count)
		}
		if got := list(t, s, telemetry.EventQuery{Kind: telemetry.KindQueueOverflow}); len(got) != events {
			t.Errorf("%d overflow events, want %d", len(got), events)
		}
	}
	three, none := telemetry.DropCount{BootID: "boot", N: 3}, telemetry.DropCount{}
	sweep(none, three, true)
	want(three, 1)
	sweep(none, three, true) // once more after a lost answer
	want(three, 1)
	sweep(three, telemetry.DropCount{BootID: "boot"}, false)
	want(telemetry.DropCount{BootID: "boot"}, 1)
}

func savesBeats(t *testing.T, s telemetry.EventStore) {
	recordChanges(t, s, change(deviceA, "", telemetry.Online, base))
	must(t, s.SaveBeats(t.Context(), []telemetry.Beat{beat(deviceA, base.Add(time.Hour)), beat(deviceB, base)}))
	if p := presence(t, s, deviceA); !p.Last.ReceivedAt.Equal(base.Add(time.Hour)) || p.State != telemetry.Online || !p.Since.Equal(base) {
		t.Errorf("presence %+v", p)
	}
	_, err := s.Presence(t.Context(), deviceB)
	wantKind(t, err, fault.NotFound)
}

func purges(t *testing.T, s telemetry.EventStore) {
	deleted := base.Add(time.Minute)
	for i := range 12 { // 6 before, 6 after
		record(t, s, motion(deviceA, base.Add(time.Duration(i)*10*time.Second)), telemetry.Stored)
	}
	record(t, s, motion(deviceC, base), telemetry.Stored)
	old := telemetry.Boot{DeviceID: deviceA, BootID: "old", StartedAt: base, ReceivedAt: base, Event: hubEvent(deviceA, telemetry.KindBoot, base)}
	young := telemetry.Boot{DeviceID: deviceA, BootID: "young", StartedAt: deleted, ReceivedAt: deleted, Event: hubEvent(deviceA, telemetry.KindBoot, deleted)}
	_, err := s.RecordSweep(t.Context(), &telemetry.Findings{Boots: []telemetry.Boot{old, young},
		Changes: []telemetry.Change{change(deviceA, "", telemetry.Online, base), change(deviceB, "", telemetry.Online, base)}})
	must(t, err)

	ids, err := s.Devices(t.Context())
	must(t, err)
	if len(ids) != 3 || ids[0] != deviceA || ids[1] != deviceB || ids[2] != deviceC {
		t.Errorf("devices %v", ids)
	}
	removed := 0
	for n := 3; n == 3; removed += n {
		n, err = s.PurgeDevice(t.Context(), deviceA, deleted, 3)
		must(t, err)
	}
	if left := list(t, s, telemetry.EventQuery{DeviceID: deviceA}); len(left) != 14-removed+1 || removed != 8 {
		t.Errorf("%d events removed, %d left", removed, len(left))
	}
	for _, e := range list(t, s, telemetry.EventQuery{DeviceID: deviceA}) {
		if e.ReceivedAt.Before(deleted) {
			t.Errorf("event received at %v is left", e.ReceivedAt)
		}
	}
	if start, err := s.BootStart(t.Context(), deviceA, "old"); err != nil || !start.IsZero() {
		t.Errorf("the old boot is left: %v, %v", start, err)
	}
	if start, err := s.BootStart(t.Context(), deviceA, "young"); err != nil || start.IsZero() {
		t.Errorf("the young boot is gone: %v", err)
	}
	_, err = s.Presence(t.Context(), deviceA)
	wantKind(t, err, fault.NotFound)
	presence(t, s, deviceB)

	// A device that was seen after its deletion keeps its presence.
	recordChanges(t, s, change(deviceA, "", telemetry.Online, deleted.Add(time.Minute)))
	_, err = s.PurgeDevice(t.Context(), deviceA, deleted, 1000)
	must(t, err)
	presence(t, s, deviceA)
}

func retains(t *testing.T, s telemetry.EventStore) {
	for i := range 10 {
		record(t, s, motion(deviceA, base.Add(time.Duration(i)*time.Hour)), telemetry.Stored)
	}
	boot := func(id string, at time.Time) telemetry.Boot {
		return telemetry.Boot{DeviceID: deviceB, BootID: id, StartedAt: at, ReceivedAt: at, Event: hubEvent(deviceB, telemetry.KindBoot, base.Add(20*time.Hour))}
	}
	_, err := s.RecordSweep(t.Context(), &telemetry.Findings{Boots: []telemetry.Boot{boot("first", base), boot("last", base.Add(time.Hour))}})
	must(t, err)

	for _, want := range []int{4, 2, 0} {
		n, err := s.Retain(t.Context(), base.Add(6*time.Hour), 4)
		must(t, err)
		if n != want {
			t.Errorf("%d events removed, want %d", n, want)
		}
	}
	if left := list(t, s, telemetry.EventQuery{DeviceID: deviceA}); len(left) != 4 || left[3].OccurredAt.Before(base.Add(6*time.Hour)) {
		t.Errorf("%d events left", len(left))
	}
	if start, err := s.BootStart(t.Context(), deviceB, "first"); err != nil || !start.IsZero() {
		t.Errorf("a boot before the last is left: %v, %v", start, err)
	}
	if start, err := s.BootStart(t.Context(), deviceB, "last"); err != nil || start.IsZero() {
		t.Errorf("the last boot is gone: %v", err)
	}
}
