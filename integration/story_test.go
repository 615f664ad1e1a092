// Package integration holds the promises that hub and camera keep together, one file per promise. Each is tested with every kind
// of camera.
package integration

import (
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// soon is for what takes a camera some requests; a motion sensor, a backoff and a busy machine may come between.
const soon = 30 * time.Second

// withEachCamera runs a test with every kind of camera there is.
func withEachCamera(t *testing.T, test func(t *testing.T, make harness.Maker)) {
	t.Parallel()
	for name, maker := range map[string]harness.Maker{"virtual": harness.Virtual, "emulated": harness.Emulated} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, maker)
		})
	}
}

// enrolled starts a hub that admits by key, and a camera that is online there.
func enrolled(t *testing.T, makeCamera harness.Maker, m harness.Model) (*harness.Hub, harness.Camera) {
	t.Helper()
	hub := harness.StartHub(t, harness.ByKey)
	m.Hub, m.Key = hub.URL, harness.Key
	camera := makeCamera(t, m)
	camera.Start(t)
	awaitOnline(t, hub, camera)
	return hub, camera
}

func awaitOnline(t *testing.T, hub *harness.Hub, camera harness.Camera) {
	t.Helper()
	harness.Until(t, "the camera is online", soon, func() bool { return hub.Presence(camera.ID()).State == "online" })
}

// awaitAdmission is awaitOnline for a camera that asks only as often as the hub wants to be asked by one that waits for a person.
func awaitAdmission(t *testing.T, hub *harness.Hub, camera harness.Camera) {
	t.Helper()
	harness.Until(t, "the approved camera is online", 3*soon, func() bool { return hub.Presence(camera.ID()).State == "online" })
}

// restarted cuts the camera's power, gives it back, and waits for the first heartbeat of its new life.
func restarted(t *testing.T, hub *harness.Hub, camera harness.Camera) {
	t.Helper()
	before := hub.Presence(camera.ID()).Reading.BootID
	camera.Cut()
	camera.Start(t)
	harness.Until(t, "the camera beats after its restart", soon, func() bool {
		return hub.Presence(camera.ID()).Reading.BootID != before
	})
}
