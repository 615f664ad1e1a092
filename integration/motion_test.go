package integration

import (
	"cmp"
	"math/rand/v2"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// motionLine is what a camera says when a motion event is in its flash, not before: its id.
var motionLine = regexp.MustCompile(`\b(info +|I )motion (\S+)$`)

// clockSlack is how far from the truth the hub's date of an event may be.
const clockSlack = time.Second

// number is the part of an event's id that counts up for the life of the camera's flash.
func number(t *testing.T, e harness.Event) int {
	t.Helper()
	n, err := strconv.Atoi(e.ID[strings.LastIndexByte(e.ID, '-')+1:])
	if err != nil {
		t.Fatalf("event id %q: %v", e.ID, err)
	}
	return n
}

// noGaps wants every event from the first to the last, each once.
func noGaps(t *testing.T, events []harness.Event) {
	t.Helper()
	slices.SortFunc(events, func(a, b harness.Event) int { return cmp.Compare(number(t, a), number(t, b)) })
	for i := 1; i < len(events); i++ {
		if a, b := number(t, events[i-1]), number(t, events[i]); b != a+1 {
			t.Errorf("event %d is followed by %d", a, b)
		}
	}
}

func whatIsSeenIsReportedWithItsPicture(t *testing.T, s setup) {
	scene := harness.ReadScene(t, "nestbox")
	hub, camera := s.enrolled(t, harness.Model{Scene: "nestbox"})
	var pictures []harness.Picture
	harness.Until(t, "a picture is stored", soon, func() bool {
		pictures = hub.Pictures(camera.ID())
		return len(pictures) > 0
	})
	first := pictures[len(pictures)-1]
	if !scene.Has(hub.Image(first)) {
		t.Error("the picture is none of the scene's")
	}
	if first.EventID == nil {
		t.Fatal("the picture names no event")
	}
	i := slices.IndexFunc(hub.Events(camera.ID(), "motion"), func(e harness.Event) bool { return e.ID == *first.EventID })
	if i < 0 {
		t.Errorf("no motion event has the picture's id %s", *first.EventID)
	}
}

// The sensor reports every 5 s, the hub is away meanwhile, and the camera loses its power once.
func eventsOfAnOutageAreReplayedOnceWithTheirTimes(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty", MotionEvery: 5})
	harness.Until(t, "a motion is reported", soon, func() bool { return len(hub.Events(camera.ID(), "motion")) > 0 })

	gone := time.Now()
	hub.Kill()
	from := camera.Said().Len()
	camera.Said().Await(t, from, 2, motionLine, soon)
	camera.Cut()
	camera.Start(t)
	camera.Said().Await(t, from, 4, motionLine, soon)
	back := time.Now()
	hub.Start()

	var events []harness.Event
	harness.Until(t, "the events of the outage arrive", 3*soon, func() bool {
		events = slices.DeleteFunc(hub.Events(camera.ID(), "motion"), func(e harness.Event) bool {
			return e.OccurredAt.Before(gone.Add(-clockSlack)) || e.OccurredAt.After(back.Add(clockSlack))
		})
		return len(events) >= 4
	})
	noGaps(t, hub.Events(camera.ID(), "motion"))
	truePace(t, events)
}

// truePace wants the events of each life as far apart as they were by the camera's own clock, however late they were told.
func truePace(t *testing.T, events []harness.Event) {
	t.Helper()
	slices.SortFunc(events, func(a, b harness.Event) int { return a.OccurredAt.Compare(b.OccurredAt) })
	for i := 1; i < len(events); i++ {
		if events[i].BootID != events[i-1].BootID {
			continue
		}
		apart := events[i].OccurredAt.Sub(events[i-1].OccurredAt)
		truly := time.Duration(events[i].MonotonicMS-events[i-1].MonotonicMS) * time.Millisecond
		if truly < 5*time.Second || (apart-truly).Abs() > clockSlack {
			t.Errorf("events %s and %s are dated %v apart, and were %v", events[i-1].ID, events[i].ID, apart, truly)
		}
	}
}

// Each life of the camera queues at least one event, and ends at a random instant: while it queues, sends, confirms or sleeps.
func powerCutsLoseAndDoubleNothing(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty", MotionEvery: 1})
	const cuts = 20
	for range cuts {
		camera.Said().Await(t, camera.Said().Len(), 1, motionLine, soon)
		instant := time.NewTimer(rand.N(150 * time.Millisecond))
		<-instant.C
		camera.Cut()
		camera.Start(t)
	}
	accepted := camera.Said().Count(0, motionLine)
	var events []harness.Event
	harness.Until(t, "all events arrive", 2*soon, func() bool {
		events = hub.Events(camera.ID(), "motion")
		return len(events) >= accepted
	})
	noGaps(t, events)
	if first := number(t, events[0]); first != 1 {
		t.Errorf("the first event has number %d", first)
	}
	t.Logf("%d events of %d lives", len(events), cuts+1)
}
