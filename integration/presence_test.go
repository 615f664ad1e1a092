package integration

import (
	"slices"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// The story's 60 s at a sixth of their length, the shortest that an operator can set: a camera is late when none came for 1.5 intervals,
// and offline when none came for 2.5. Each change is an event with its time.
func aCameraGoesAndComesBack(t *testing.T, s setup) {
	const interval = 10 * time.Second
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty"})
	hub.Order(camera.ID(), "set_config", map[string]any{"heartbeat_interval_seconds": int(interval / time.Second)})
	first := hub.Presence(camera.ID()).LastSeenAt
	harness.Until(t, "the camera beats by the new interval", 2*interval, func() bool {
		return hub.Presence(camera.ID()).LastSeenAt.After(*first)
	})

	camera.Cut()
	last := *hub.Presence(camera.ID()).LastSeenAt
	state := func() string { return hub.Presence(camera.ID()).State }
	harness.Until(t, "the camera is late", 3*interval, func() bool { return state() == "late" })
	harness.Until(t, "the camera is offline", 3*interval, func() bool { return state() == "offline" })

	camera.Start(t)
	awaitOnline(t, hub, camera)
	var changes []string
	harness.Until(t, "every change is an event", soon, func() bool {
		changes = changes[:0]
		for _, e := range hub.Events(camera.ID(), "presence") {
			changes = append(changes, e.Detail["to"].(string))
		}
		return len(changes) >= 4
	})
	if want := []string{"online", "offline", "late", "online"}; !slices.Equal(changes, want) {
		t.Errorf("the changes are, newest first, %v, want %v", changes, want)
	}
	for _, e := range hub.Events(camera.ID(), "presence") {
		after := e.OccurredAt.Sub(last)
		switch e.Detail["to"] {
		case "late":
			within(t, "late", after, 3*interval/2, 3*interval/2+5*time.Second)
		case "offline":
			within(t, "offline", after, 5*interval/2, 5*interval/2+5*time.Second)
		}
	}
}

func within(t *testing.T, what string, got, least, most time.Duration) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("the camera is %s %v after its last beat, want %v to %v", what, got, least, most)
	}
}
