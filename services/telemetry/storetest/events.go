package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/telemetry"
)

// ExerciseEvents holds a telemetry.EventStore to its contract. newStore returns
// an empty one.
func ExerciseEvents(t *testing.T, newStore func(t *testing.T) telemetry.EventStore) {
	for name, exercise := range map[string]func(*testing.T, telemetry.EventStore){
		"a motion event is kept whole":                  keepsWhole,
		"a repeat changes nothing":                      repeats,
		"the limit is the rule of TooClose":             limits,
		"the limit holds among concurrent events":       limitsConcurrently,
		"concurrent repeats are stored once":            repeatsConcurrently,
		"events are listed newest first":                lists,
		"pages neither lose nor repeat events":          pages,
		"a change needs the state that it comes from":   changes,
		"a boot is stored once and its start corrected": boots,
		"lost events are counted once":                  drops,
		"last beats are saved for rows that exist":      savesBeats,
		"a purge spares what came after the deletion":   purges,
		"retention goes by age, in batches":             retains,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exercise(t, newStore(t))
		})
	}
}

func record(t *testing.T, s telemetry.EventStore, e *telemetry.Event, want telemetry.Fate) time.Time {
	t.Helper()
	result, err := s.RecordMotion(t.Context(), e)
	must(t, err)
	if result.Fate != want {
		t.Fatalf("event at %v, boot %q: fate %d, want %d", e.OccurredAt, e.BootID, result.Fate, want)
	}
	return result.OccurredAt
}

func list(t *testing.T, s telemetry.EventStore, q telemetry.EventQuery) []telemetry.Event {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 1000
	}
	events, err := s.Events(t.Context(), q)
	must(t, err)
	return events
}

func keepsWhole(t *testing.T, s telemetry.EventStore) {
	full := bootMotion(deviceA, base, "boot_A-1", 3_600_412)
	full.EventID, full.Clock, full.CameraEnabled = "b7f3-17", telemetry.Computed, ptr(false)
	full.MotionScore, full.Detail = ptr(99.25), map[string]any{"privacy_generation": 7}
	bare := motion(deviceA, base.Add(-time.Hour))
	bare.MotionScore = nil
	record(t, s, full, telemetry.Stored)
	record(t, s, bare, telemetry.Stored)

	got := list(t, s, telemetry.EventQuery{})
	if len(got) != 2 {
		t.Fatalf("%d events, want 2", len(got))
	}
	must(t, equalEvents(&got[0], full))
	must(t, equalEvents(&got[1], bare))
	if got[0].OccurredAt.Location() != time.UTC || got[0].ReceivedAt.Location() != time.UTC {
		t.Errorf("times are in %v, want UTC", got[0].OccurredAt.Location())
	}
}

func repeats(t *testing.T, s telemetry.EventStore) {
	first := bootMotion(deviceA, base, "boot", 1000)
	first.EventID = "same"
	record(t, s, first, telemetry.Stored)
	// The repeat is dated a little differently and lies within the limit of itself.
	again := bootMotion(deviceA, base.Add(40*time.Millisecond), "boot", 1000)
	again.EventID, again.MotionScore = "same", ptr(1.0)
	if at := record(t, s, again, telemetry.Repeated); !at.Equal(base) {
		t.Errorf("the repeat occurred at %v, want the first date %v", at, base)
	}
	// The same id of another device is another event.
	other := motion(deviceB, base)
	other.EventID = "same"
	record(t, s, other, telemetry.Stored)
	got := list(t, s, telemetry.EventQuery{DeviceID: deviceA})
	if len(got) != 1 {
		t.Fatalf("%d events, want 1", len(got))
	}
	must(t, equalEvents(&got[0], first))
}

// limits offers random events, of three boots and of none, in random order, and
// compares each answer with the pure rule over what was stored so far.
func limits(t *testing.T, s telemetry.EventStore) {
	random := rand.New(rand.NewPCG(1, 2))
	var stored []*telemetry.Event
	limited := 0
	for range 250 {
		mono := random.Int64N(120_000)
		e := motion(deviceA, base.Add(time.Duration(mono)*time.Millisecond))
		switch boot := random.IntN(4); boot {
		case 0: // the wall clock alone
		case 1: // a boot id without its clock
			e.BootID = "boot-1"
		default:
			e = bootMotion(deviceA, base.Add(time.Duration(random.Int64N(120_000))*time.Millisecond), fmt.Sprint("boot-", boot), mono)
		}
		want := telemetry.Stored
		for _, other := range stored {
			if telemetry.TooClose(e, other) {
				want = telemetry.Limited
			}
		}
		at := record(t, s, e, want)
		if want == telemetry.Stored {
			stored = append(stored, e)
			continue
		}
		limited++
		if !slices.ContainsFunc(stored, func(o *telemetry.Event) bool { return telemetry.TooClose(e, o) && o.OccurredAt.Equal(at) }) {
			t.Errorf("the event in the way is said to have occurred at %v, where there is none", at)
		}
	}
	if limited < 50 || len(stored) < 20 {
		t.Fatalf("%d limited and %d stored: the events do not try the rule", limited, len(stored))
	}
	// Exactly 5 s apart is far enough, by either clock.
	for i := range 3 {
		record(t, s, motion(deviceB, base.Add(time.Duration(i)*telemetry.MotionGap)), telemetry.Stored)
		record(t, s, bootMotion(deviceC, base, "boot", int64(i)*telemetry.MotionGap.Milliseconds()), telemetry.Stored)
	}
	// Only motion counts.
	at := base.Add(time.Hour)
	recordChanges(t, s, change(deviceB, "", telemetry.Online, at))
	record(t, s, motion(deviceB, at), telemetry.Stored)
}

// together calls fn from n goroutines that start at once.
func together(n int, fn func(i int)) {
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	wg.Wait()
}

// fates counts what became of events that are sent at once.
func fates(t *testing.T, s telemetry.EventStore, events []*telemetry.Event) map[telemetry.Fate]int {
	t.Helper()
	var mu sync.Mutex
	count := map[telemetry.Fate]int{}
	together(len(events), func(i int) {
		result, err := s.RecordMotion(context.WithoutCancel(t.Context()), events[i])
		mu.Lock()
		defer mu.Unlock()
		if err != nil {
			t.Error(err)
			return
		}
		count[result.Fate]++
	})
	return count
}

func limitsConcurrently(t *testing.T, s telemetry.EventStore) {
	for round := range 5 {
		at := base.Add(time.Duration(round) * time.Minute)
		var events []*telemetry.Event
		for i := range 12 {
			spread := time.Duration(i) * 100 * time.Millisecond
			events = append(events,
				motion(deviceA, at.Add(spread)),
				bootMotion(deviceB, at, "boot", at.Add(spread).UnixMilli()))
		}
		if got := fates(t, s, events); got[telemetry.Stored] != 2 || got[telemetry.Limited] != 22 {
			t.Fatalf("fates %v, want one stored for each of two devices", got)
		}
	}
}

func repeatsConcurrently(t *testing.T, s telemetry.EventStore) {
	var events []*telemetry.Event
	for range 20 {
		e := motion(deviceA, base)
		e.EventID = "one"
		events = append(events, e)
	}
	if got := fates(t, s, events); got[telemetry.Stored] != 1 || got[telemetry.Repeated] != 19 {
		t.Fatalf("fates %v, want 1 stored and 19 repeated", got)
	}
	if got := list(t, s, telemetry.EventQuery{}); len(got) != 1 {
		t.Fatalf("%d events, want 1", len(got))
	}
}

func lists(t *testing.T, s telemetry.EventStore) {
	for i := range 4 {
		record(t, s, motion(deviceA, base.Add(time.Duration(i)*10*time.Second)), telemetry.Stored)
		record(t, s, motion(deviceB, base.Add(time.Duration(i)*10*time.Second)), telemetry.Stored)
	}
	recordChanges(t, s, change(deviceA, "", telemetry.Online, base.Add(15*time.Second)))

	ten, thirty := base.Add(10*time.Second), base.Add(30*time.Second)
	for name, test := range map[string]struct {
		query telemetry.EventQuery
		want  int
	}{
		"all":             {telemetry.EventQuery{}, 9},
		"a limit":         {telemetry.EventQuery{Limit: 3}, 3},
		"a device":        {telemetry.EventQuery{DeviceID: deviceA}, 5},
		"another device":  {telemetry.EventQuery{DeviceID: deviceC}, 0},
		"a kind":          {telemetry.EventQuery{Kind: telemetry.KindPresence}, 1},
		"from, inclusive": {telemetry.EventQuery{From: ten}, 7},
		"to, exclusive":   {telemetry.EventQuery{To: thirty}, 7},
		"all filters":     {telemetry.EventQuery{DeviceID: deviceA, Kind: telemetry.KindMotion, From: ten, To: thirty}, 2},
	} {
		got := list(t, s, test.query)
		if len(got) != test.want {
			t.Errorf("%s: %d events, want %d", name, len(got), test.want)
		}
		if !slices.IsSortedFunc(got, func(a, b telemetry.Event) int { return newestFirst(&a, &b) }) {
			t.Errorf("%s: not newest first", name)
		}
	}
}

func newestFirst(a, b *telemetry.Event) int {
	if c := b.OccurredAt.Compare(a.OccurredAt); c != 0 {
		return c
	}
	if a.ID > b.ID {
		return -1
	}
	return 1
}

func pages(t *testing.T, s telemetry.EventStore) {
	// Many events of many devices at one moment: the cursor must not rely on time alone.
	for i := range 7 {
		for device := range 5 {
			record(t, s, motion(fmt.Sprintf("AA:BB:CC:00:01:%02d", device), base.Add(time.Duration(i)*10*time.Second)), telemetry.Stored)
		}
	}
	want := list(t, s, telemetry.EventQuery{})
	var got []telemetry.Event
	var after telemetry.Cursor
	for {
		page := list(t, s, telemetry.EventQuery{After: after, Limit: 4})
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		after = telemetry.CursorOf(&page[len(page)-1])
		// What arrives meanwhile does not disturb the pages that follow.
		record(t, s, motion(deviceA, base.Add(time.Hour+time.Duration(len(got))*10*time.Second)), telemetry.Stored)
	}
	if len(got) != len(want) {
		t.Fatalf("%d events in pages, %d at once", len(got), len(want))
	}
	for i := range want {
		must(t, equalEvents(&got[i], &want[i]))
	}
}
