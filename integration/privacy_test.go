package integration

import (
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// lockedAndQuiet wants motion reported without a picture for as long as two events take.
func lockedAndQuiet(t *testing.T, hub *harness.Hub, camera harness.Camera) {
	t.Helper()
	before := len(hub.Pictures(camera.ID()))
	from := time.Now()
	harness.Until(t, "two motions are reported by a locked camera", 2*soon, func() bool {
		n := 0
		for _, e := range hub.Events(camera.ID(), "motion") {
			if e.OccurredAt.After(from) && !*e.CameraEnabled {
				n++
			}
		}
		return n >= 2
	})
	if n := len(hub.Pictures(camera.ID())); n != before {
		t.Errorf("%d pictures were stored while the camera was locked", n-before)
	}
}

// lockIs waits until the hub and the camera agree, and the hub has written down when they did.
func lockIs(t *testing.T, hub *harness.Hub, camera harness.Camera, locked bool) harness.Privacy {
	t.Helper()
	var p harness.Privacy
	harness.Until(t, "the camera obeys", 3*soon, func() bool {
		p = hub.Device(camera.ID()).Privacy
		return p.Locked == locked && p.Acknowledged == p.Generation && p.AcknowledgedAt != nil
	})
	return p
}

func awaitNewPicture(t *testing.T, hub *harness.Hub, camera harness.Camera) {
	t.Helper()
	before := len(hub.Pictures(camera.ID()))
	harness.Until(t, "a new picture is stored", soon, func() bool { return len(hub.Pictures(camera.ID())) > before })
}

func theOwnerStopsTheCamera(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty", MotionEvery: 5})
	awaitNewPicture(t, hub, camera)

	hub.SetPrivacy(camera.ID(), true)
	lockIs(t, hub, camera, true)
	lockedAndQuiet(t, hub, camera)
	restarted(t, hub, camera) // the lock is the camera's own knowledge
	lockedAndQuiet(t, hub, camera)

	hub.SetPrivacy(camera.ID(), false)
	lockIs(t, hub, camera, false)
	awaitNewPicture(t, hub, camera)
}

// The order was given while privacy was off, and reaches the camera when it is on.
func aCaptureDoesNotOutrunTheLock(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty"})
	camera.Cut()
	capture := hub.Send(camera.ID(), "capture", nil)
	hub.SetPrivacy(camera.ID(), true)
	camera.Start(t)
	if c := hub.AwaitEnd(capture); c.State == "succeeded" {
		t.Error("the capture succeeded")
	}
	lockIs(t, hub, camera, true)
	if n := len(hub.Pictures(camera.ID())); n != 0 {
		t.Errorf("%d pictures of a locked camera are stored", n)
	}
}

func theCamerasOwnSwitchStopsIt(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty", MotionEvery: 5})
	awaitNewPicture(t, hub, camera)

	camera.TurnSwitch(t)
	if by := lockIs(t, hub, camera, true).ChangedBy; by == nil || *by != "device" {
		t.Errorf("the change is said to be by %v", by)
	}
	lockedAndQuiet(t, hub, camera)

	camera.TurnSwitch(t)
	lockIs(t, hub, camera, false)
	awaitNewPicture(t, hub, camera)
}
