// Package integration holds the promises that hub and camera keep together, one file per theme. Each is tested with every kind of
// camera on a hub that is one process, and on the services as they are deployed.
package integration

import (
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// soon is for what takes a camera some requests; a motion sensor, a backoff and a busy machine may come between.
const soon = 30 * time.Second

// setup is the hub and the camera that a promise is tested with.
type setup struct {
	hub    func(t *testing.T, enrolment harness.Enrolment) *harness.Hub
	camera harness.Maker
}

type promise struct {
	name string
	test func(t *testing.T, s setup)
	// alone: the test changes the hub for everybody, by killing it or by another enrolment.
	alone bool
}

var promises = []promise{
	{"key admits a camera at once", keyAdmitsACameraAtOnce, false},
	{"a token outlives a power cut", aTokenOutlivesAPowerCut, false},
	{"a person admits a camera", aPersonAdmitsACamera, true},
	{"open admits everybody", openAdmitsEverybody, true},
	{"a revoked camera comes back when approved", aRevokedCameraComesBackWhenApproved, false},
	{"a camera goes and comes back", aCameraGoesAndComesBack, false},
	{"what is seen is reported with its picture", whatIsSeenIsReportedWithItsPicture, false},
	{"events of an outage are replayed once with their times", eventsOfAnOutageAreReplayedOnceWithTheirTimes, true},
	{"power cuts lose and double nothing", powerCutsLoseAndDoubleNothing, false},
	{"the owner stops the camera", theOwnerStopsTheCamera, false},
	{"a capture does not outrun the lock", aCaptureDoesNotOutrunTheLock, false},
	{"the camera's own switch stops it", theCamerasOwnSwitchStopsIt, false},
	{"a camera carries out commands", aCameraCarriesOutCommands, false},
	{"garbage from the hub is survived", garbageFromTheHubIsSurvived, false},
}

func TestInOneProcess(t *testing.T) {
	t.Parallel()
	for _, p := range promises {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for kind, camera := range map[string]harness.Maker{"virtual": harness.Virtual, "emulated": harness.Emulated} {
				t.Run(kind, func(t *testing.T) {
					t.Parallel()
					p.test(t, setup{harness.StartHub, camera})
				})
			}
		})
	}
}

// enrolled gives a hub that admits by key, and a camera that is online there.
func (s setup) enrolled(t *testing.T, m harness.Model) (*harness.Hub, harness.Camera) {
	t.Helper()
	hub := s.hub(t, harness.ByKey)
	m.Hub, m.Key = hub.CameraURL, hub.Key
	camera := s.camera(t, m)
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
