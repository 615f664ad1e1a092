package storetest

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

func deviceRoundTrip(t *testing.T, s registry.Store) {
	full := device(front)
	full.DeletedAt = now.Add(-24 * time.Hour)
	bare := registry.Device{ID: back, Status: registry.StatusDeleted, Epoch: 7, CreatedAt: now, DeletedAt: now, Capabilities: []string{}}
	for _, d := range []registry.Device{full, bare} {
		put(t, s, d.ID, registry.Change{Device: &d})
		st, err := s.Standing(t.Context(), d.ID)
		must(t, err)
		if st.Device == nil || !reflect.DeepEqual(*st.Device, d) {
			t.Errorf("saved %+v\nread  %+v", d, st.Device)
		}
		if st = look(t, s, d.ID); !reflect.DeepEqual(*st.Device, d) {
			t.Errorf("saved %+v\nUpdate shows %+v", d, st.Device)
		}
	}
	// Replacing replaces all.
	full.Name, full.SecretHash, full.HeartbeatInterval, full.Privacy = "", nil, 0, registry.Privacy{}
	full.Epoch, full.Status, full.DeletedAt, full.Capabilities = 9, registry.StatusRevoked, time.Time{}, []string{}
	put(t, s, front, registry.Change{Device: &full})
	if st := look(t, s, front); !reflect.DeepEqual(*st.Device, full) {
		t.Errorf("replaced by %+v\nread %+v", full, st.Device)
	}
	st, err := s.Standing(t.Context(), "24:6F:28:AA:BB:99")
	must(t, err)
	if st.Device != nil || len(st.Requests) != 0 {
		t.Errorf("unknown id shows %+v", st)
	}
}

func requestRoundTrip(t *testing.T, s registry.Store) {
	q, bare := request(front, "one"), request(front, "two")
	bare.SecretHash, bare.Capabilities = nil, []string{}
	put(t, s, front, registry.Change{Request: &q})
	put(t, s, front, registry.Change{Request: &bare})
	put(t, s, back, registry.Change{Request: ptr(request(back, "one"))})
	st := look(t, s, front)
	if want := []registry.Request{q, bare}; !reflect.DeepEqual(st.Requests, want) || st.Waiting != 3 || st.Device != nil {
		t.Errorf("standing %+v\nwant requests %+v and 3 waiting", st, want)
	}
	q.LastAskedAt, q.IPAddress, q.FirmwareVersion = now.Add(time.Hour), "10.0.0.9", "3"
	put(t, s, front, registry.Change{Request: &q, DropRequests: []string{bare.ID}})
	if st = look(t, s, front); !reflect.DeepEqual(st.Requests, []registry.Request{q}) {
		t.Errorf("after a second asking: %+v\nwant %+v", st.Requests, q)
	}
}

func ptr[T any](v T) *T { return &v }

func failedDecision(t *testing.T, s registry.Store) {
	d := device(front)
	err := s.Update(t.Context(), front, func(registry.Standing) (registry.Change, error) {
		return registry.Change{Device: &d}, errDecided
	})
	if err != errDecided { //nolint:errorlint // the contract is the very error
		t.Errorf("error is %v, want the one of decide", err)
	}
	if st := look(t, s, front); st.Device != nil {
		t.Errorf("saved %+v", st.Device)
	}
	refused := fault.New(fault.Conflict, "no")
	err = s.Update(t.Context(), front, func(registry.Standing) (registry.Change, error) { return registry.Change{}, refused })
	wantKind(t, err, fault.Conflict)
}

func atomicChange(t *testing.T, s registry.Store) {
	d, c := device(front), command(front)
	put(t, s, front, registry.Change{Device: &d, Commands: []registry.Command{c}})
	c.State, c.FinishedAt = registry.StateFailed, now
	put(t, s, front, registry.Change{Commands: []registry.Command{c}})

	// The last part of the change is refused, so none of it may stay.
	d.Epoch = 2
	c.State = registry.StateSucceeded
	err := s.Update(t.Context(), front, func(registry.Standing) (registry.Change, error) {
		return registry.Change{Device: &d, Request: ptr(request(front, "x")), Commands: []registry.Command{c}, Audit: []registry.Entry{entry("a", front)}}, nil
	})
	if err == nil {
		t.Fatal("a finished command was changed")
	}
	st := look(t, s, front)
	if st.Device.Epoch != 1 || len(st.Requests) != 0 {
		t.Errorf("half a change was saved: %+v", st)
	}
	entries, err := s.Entries(t.Context(), registry.Page{Limit: 10})
	must(t, err)
	if len(entries) != 0 {
		t.Errorf("recorded what did not happen: %+v", entries)
	}
}

func updatesTakeTurns(t *testing.T, s registry.Store) {
	d := device(front)
	put(t, s, front, registry.Change{Device: &d})
	const n = 20
	errs := make([]error, n)
	atOnce(t.Context(), n, func(ctx context.Context, i int) {
		errs[i] = s.Update(ctx, front, func(st registry.Standing) (registry.Change, error) {
			next := *st.Device
			next.Epoch++
			return registry.Change{Device: &next, Audit: []registry.Entry{entry("count", front)}}, nil
		})
	})
	for _, err := range errs {
		must(t, err)
	}
	if st := look(t, s, front); st.Device.Epoch != 1+n {
		t.Errorf("epoch is %d after %d increments", st.Device.Epoch, n)
	}
}

func firstRegistrations(t *testing.T, s registry.Store) {
	const n = 12
	made := make([]bool, n)
	errs := make([]error, n)
	atOnce(t.Context(), n, func(ctx context.Context, i int) {
		errs[i] = s.Update(ctx, front, func(st registry.Standing) (registry.Change, error) {
			if made[i] = st.Device == nil; !made[i] {
				return registry.Change{}, nil
			}
			d := device(front)
			d.SecretHash = secretHash(strconv.Itoa(i))
			return registry.Change{Device: &d}, nil
		})
	})
	for _, err := range errs {
		must(t, err)
	}
	if i := slices.Index(made, true); i < 0 || slices.Contains(made[i+1:], true) {
		t.Errorf("made by %v, want exactly one", made)
	}
}

func standings(t *testing.T, s registry.Store) {
	gone := registry.Device{ID: "24:6F:28:AA:BB:00", Status: registry.StatusDeleted, Epoch: 1, CreatedAt: now, DeletedAt: now}
	put(t, s, gone.ID, registry.Change{Device: &gone})
	put(t, s, front, registry.Change{Device: ptr(device(front))})
	put(t, s, back, registry.Change{Device: ptr(device(back))})
	q, alone, again := request(back, "new"), request("00:00:00:00:00:01", "x"), request(gone.ID, "y")
	for _, r := range []registry.Request{q, alone, again} {
		put(t, s, r.DeviceID, registry.Change{Request: &r})
	}
	all, err := s.Standings(t.Context())
	must(t, err)
	want := []registry.Standing{
		{Requests: []registry.Request{alone}},
		{Requests: []registry.Request{again}},
		{Device: ptr(device(front))},
		{Device: ptr(device(back)), Requests: []registry.Request{q}},
	}
	if !reflect.DeepEqual(all, want) {
		t.Errorf("got  %+v\nwant %+v", all, want)
	}
}

func deviceStates(t *testing.T, s registry.Store) {
	d := device(front)
	d.DeletedAt = now.Add(-time.Hour)
	open, overdue, done := command(front), command(front), command(front)
	overdue.ExpiresAt = now
	done.State, done.FinishedAt = registry.StateSucceeded, now
	put(t, s, front, registry.Change{Device: &d, Commands: []registry.Command{open, overdue, done}})
	gone := registry.Device{ID: back, Status: registry.StatusDeleted, Epoch: 4, CreatedAt: now, DeletedAt: now}
	put(t, s, back, registry.Change{Device: &gone})

	want := []registry.DeviceState{registry.StateOf(d, 1), registry.StateOf(gone, 0)}
	all, err := s.DeviceStates(t.Context(), now)
	must(t, err)
	slices.SortFunc(all, func(a, b registry.DeviceState) int { return int(a.DeviceID[16]) - int(b.DeviceID[16]) })
	if !slices.Equal(all, want) {
		t.Errorf("states %+v\nwant %+v", all, want)
	}
	for _, w := range want {
		one, err := s.DeviceState(t.Context(), w.DeviceID, now)
		must(t, err)
		if one != w {
			t.Errorf("state %+v\nwant %+v", one, w)
		}
	}
	_, err = s.DeviceState(t.Context(), "24:6F:28:AA:BB:99", now)
	wantKind(t, err, fault.NotFound)
}
