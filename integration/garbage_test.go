package integration

import (
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// A camera that met a liar in its hub's place goes on, asks seldom, and works again with the hub.
func TestGarbageFromTheHubIsSurvived(t *testing.T) {
	withEachCamera(t, func(t *testing.T, makeCamera harness.Maker) {
		hub := harness.StartHub(t, harness.ByKey)
		t.Run("from", func(t *testing.T) { // returns when all lies have been told: the hub is theirs until then
			for name, answer := range harness.Garbage() {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					tellALie(t, hub, makeCamera, answer)
				})
			}
		})
	})
}

func tellALie(t *testing.T, hub *harness.Hub, makeCamera harness.Maker, answer []byte) {
	gate := harness.StartGate(t, hub.URL)
	camera := makeCamera(t, harness.Model{Hub: gate.URL, Key: harness.Key, Scene: "empty", MotionEvery: 5})
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
