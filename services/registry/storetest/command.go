package storetest

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

func commandRoundTrip(t *testing.T, s registry.Store) {
	c := command(front)
	put(t, s, front, registry.Change{Device: ptr(device(front)), Commands: []registry.Command{c}})
	for _, step := range []func(){
		func() {},
		func() {
			c.State, c.DeliveredAt, c.HandedAt = registry.StateDelivered, now.Add(time.Second), now.Add(6*time.Second)
		},
		func() { c.State, c.Detail, c.FinishedAt = registry.StateFailed, "no lens", now.Add(7*time.Second) },
	} {
		step()
		put(t, s, front, registry.Change{Commands: []registry.Command{c}})
		got, err := s.Command(t.Context(), c.ID)
		must(t, err)
		if !sameJSON(got.Parameters, c.Parameters) {
			t.Errorf("parameters %s, want %s", got.Parameters, c.Parameters)
		}
		got.Parameters = c.Parameters
		if !reflect.DeepEqual(got, c) {
			t.Errorf("saved %+v\nread  %+v", c, got)
		}
		shown := look(t, s, front).Commands
		if open := slices.IndexFunc(shown, func(o registry.Command) bool { return o.ID == c.ID }) >= 0; open == c.State.Final() {
			t.Errorf("Update shows %+v for a command that is %s", shown, c.State)
		}
	}
	_, err := s.Command(t.Context(), registry.NewID())
	wantKind(t, err, fault.NotFound)
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func poll(t *testing.T, s registry.Store) {
	_, err := s.Poll(t.Context(), front, now)
	wantKind(t, err, fault.NotFound)

	d := device(front)
	d.Epoch = 5
	put(t, s, front, registry.Change{Device: &d})
	var open bool
	due := func(when time.Time) bool {
		t.Helper()
		p, err := s.Poll(t.Context(), front, when)
		must(t, err)
		if p.Status != d.Status || p.Epoch != d.Epoch || p.Due && !p.Open {
			t.Errorf("poll %+v of %+v", p, d)
		}
		open = p.Open
		return p.Due
	}
	if due(now) {
		t.Error("due without a command")
	}
	c := command(front)
	put(t, s, front, registry.Change{Commands: []registry.Command{c}})
	if !due(now) || due(c.ExpiresAt) {
		t.Error("a queued command is due until its deadline")
	}
	c.State, c.DeliveredAt, c.HandedAt = registry.StateDelivered, now, now
	put(t, s, front, registry.Change{Commands: []registry.Command{c}})
	if due(now.Add(4*time.Second)) || !open || !due(now.Add(5*time.Second)) {
		t.Error("a delivered command is open, and due again after 5 s")
	}
	c.State, c.FinishedAt = registry.StateSucceeded, now
	put(t, s, front, registry.Change{Commands: []registry.Command{c}})
	if due(now.Add(time.Minute)) || open {
		t.Error("due after its end")
	}
}

func commandPages(t *testing.T, s registry.Store) {
	put(t, s, front, registry.Change{Device: ptr(device(front))})
	put(t, s, back, registry.Change{Device: ptr(device(back))})
	var all []registry.Command // newest first
	for i := range 10 {
		c := command([]string{front, back}[i%2])
		if i >= 6 {
			c.ExpiresAt = now
		}
		put(t, s, c.DeviceID, registry.Change{Commands: []registry.Command{c}})
		all = slices.Insert(all, 0, c.At(now))
	}
	list := func(f registry.CommandFilter, p registry.Page) []registry.Command {
		t.Helper()
		page, err := s.Commands(t.Context(), f, p, now)
		must(t, err)
		return page
	}
	first := list(registry.CommandFilter{}, registry.Page{Limit: 4})
	rest := list(registry.CommandFilter{}, registry.Page{Limit: 100, Before: first[3].ID})
	if got, want := each(append(first, rest...), commandID), each(all, commandID); !slices.Equal(got, want) {
		t.Errorf("two pages give %v\nwant %v", got, want)
	}
	for _, f := range []registry.CommandFilter{
		{DeviceID: back}, {State: registry.StateQueued}, {State: registry.StateExpired}, {DeviceID: front, State: registry.StateExpired}, {State: registry.StateFailed},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(c registry.Command) bool {
			return f.DeviceID != "" && c.DeviceID != f.DeviceID || f.State != "" && c.State != f.State
		})
		got := list(f, registry.Page{Limit: 100})
		if !slices.Equal(each(got, commandID), each(want, commandID)) {
			t.Errorf("%+v gives %v\nwant %v", f, each(got, commandID), each(want, commandID))
		}
		for _, c := range got {
			if f.State != "" && c.State != f.State {
				t.Errorf("%+v gives one that is %s", f, c.State)
			}
		}
	}
}

func expireOnce(t *testing.T, s registry.Store) {
	put(t, s, front, registry.Change{Device: ptr(device(front))})
	const n = 30
	var overdue []string
	var commands []registry.Command
	for range n {
		c := command(front)
		c.ExpiresAt = now.Add(-time.Second)
		overdue, commands = append(overdue, c.ID), append(commands, c)
	}
	alive := command(front)
	put(t, s, front, registry.Change{Commands: append(commands, alive)})

	var mu sync.Mutex
	var got []string
	atOnce(t.Context(), 4, func(ctx context.Context, _ int) {
		// A sweeper that finds all rows held by others sees none: ask until all are done.
		for range 2 * n {
			expired, err := s.ExpireCommands(ctx, now, 7)
			mu.Lock()
			if err != nil {
				t.Errorf("expire: %v", err)
			}
			got = append(got, each(expired, commandID)...)
			done := len(got) >= n
			mu.Unlock()
			if done {
				return
			}
		}
	})
	slices.Sort(got)
	if !slices.Equal(got, overdue) {
		t.Errorf("expired %d commands %v, want each of %d once", len(got), got, n)
	}
	c, err := s.Command(t.Context(), overdue[0])
	must(t, err)
	if c.State != registry.StateExpired || !c.FinishedAt.Equal(c.ExpiresAt) {
		t.Errorf("expired command is %+v", c)
	}
	if open := look(t, s, front).Commands; len(open) != 1 || open[0].ID != alive.ID {
		t.Errorf("open are %v, want %s alone", each(open, commandID), alive.ID)
	}
}

// sweepBesideUpdate holds a device's update open while a sweep runs. Where the
// database has one writer the sweep may wait for it, but both must end.
func sweepBesideUpdate(t *testing.T, s registry.Store) {
	c := command(front)
	c.ExpiresAt = now.Add(-time.Second)
	put(t, s, front, registry.Change{Device: ptr(device(front)), Commands: []registry.Command{c}})

	inside, swept := make(chan struct{}), make(chan []registry.Command, 1)
	go func() {
		<-inside
		expired, err := s.ExpireCommands(t.Context(), now, 10)
		if err != nil {
			t.Errorf("expire beside an update: %v", err)
		}
		swept <- expired
	}()
	err := s.Update(t.Context(), front, func(st registry.Standing) (registry.Change, error) {
		close(inside)
		done := st.Commands[0]
		done.State, done.FinishedAt = registry.StateSucceeded, now
		return registry.Change{Commands: []registry.Command{done}}, nil
	})
	must(t, err)
	if expired := <-swept; len(expired) != 0 {
		t.Errorf("the sweep took %v from under an update", each(expired, commandID))
	}
}

func finishedForever(t *testing.T, s registry.Store) {
	put(t, s, front, registry.Change{Device: ptr(device(front))})
	finals := []registry.State{registry.StateSucceeded, registry.StateFailed, registry.StateExpired, registry.StateCancelled}
	for _, final := range finals {
		c := command(front)
		c.State, c.FinishedAt = final, now
		put(t, s, front, registry.Change{Commands: []registry.Command{c}})
		for _, other := range append(finals, registry.StateQueued, registry.StateDelivered) {
			next := c
			next.State, next.Detail = other, "changed"
			if !other.Final() {
				next.FinishedAt = time.Time{}
			}
			err := s.Update(t.Context(), front, func(registry.Standing) (registry.Change, error) {
				return registry.Change{Commands: []registry.Command{next}}, nil
			})
			if err == nil {
				t.Errorf("%s became %s", final, other)
			}
		}
		if got, err := s.Command(t.Context(), c.ID); err != nil || got.State != final || got.Detail != "" {
			t.Errorf("%s is now %+v (%v)", final, got, err)
		}
	}
}
