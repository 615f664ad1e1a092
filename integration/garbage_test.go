package integration

import (
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// A camera that met a liar in its hub's place goes on, asks seldom, and works again with the hub.
func garbageFromTheHubIsSurvived(t *testing.T, s setup) {
	hub := s.hub(t, harness.ByKey)
	t.Run("from", func(t *testing.T) { // returns when all lies have been told: the hub is theirs until then
		for name, answer := range harness.Garbage() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tellALie(t, hub, s, answer)
			})
		}
	})
}

func tellALie(t *testing.T, hub *harness.Hub, s setup, answer []byte) {
	gate := harness.StartGate(t, hub.CameraURL)
	camera := s.camera(t, harness.Model{Hub: gate.URL, Key: hub.Key, Scene: "empty", MotionEvery: 5})
	camera.Start(t)
	awaitOnline(t, hub, camera)

	gate.Lie(answer)
	harness.Until(t, "the camera meets the liar three times", 2*soon, func() bool { return gate.Met() >= 3 })
	met := gate.Met()
	const length = 5 * time.Second
	harness.Throughout(t, "the camera runs", length, camera.Runs)
	if n := gate.Met() - met; n > 20 {
		t.Errorf("%d requests within %v: that is a spin", n, length)
	}

	gate.Open()
	opened := time.Now()
	harness.Until(t, "motion is reported again", 3*soon, func() bool {
		events := hub.Events(camera.ID(), "motion")
		return len(events) > 0 && events[0].ReceivedAt.After(opened)
	})
	noGaps(t, hub.Events(camera.ID(), "motion"))
}
