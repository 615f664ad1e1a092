package integration

import (
	"testing"

	"home.arpa/nestbox/integration/harness"
)

func keyAdmitsACameraAtOnce(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty"})
	if d := hub.Device(camera.ID()); d.Status != "approved" {
		t.Errorf("the device is %s", d.Status)
	}
}

func aTokenOutlivesAPowerCut(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty"})
	before := hub.Device(camera.ID()).LastRegisteredAt
	boots := func() int { return len(hub.Events(camera.ID(), "boot")) }
	harness.Until(t, "the first boot is known", soon, func() bool { return boots() == 1 })
	for n := 2; n <= 4; n++ {
		restarted(t, hub, camera)
		harness.Until(t, "one more boot is known", soon, func() bool { return boots() == n })
	}
	if after := hub.Device(camera.ID()).LastRegisteredAt; !after.Equal(*before) {
		t.Errorf("registered again at %v, after %v", after, before)
	}
}

func aPersonAdmitsACamera(t *testing.T, s setup) {
	hub := s.hub(t, harness.ByApproval)
	camera := s.camera(t, harness.Model{Hub: hub.CameraURL, Scene: "empty"})
	camera.Start(t)
	harness.Until(t, "the camera asks to be let in", soon, func() bool { return hub.Device(camera.ID()).Status == "pending" })
	if state := hub.Presence(camera.ID()).State; state != "" {
		t.Errorf("the camera is %s before anybody let it in", state)
	}
	hub.Approve(camera.ID())
	awaitAdmission(t, hub, camera)
}

func aRevokedCameraComesBackWhenApproved(t *testing.T, s setup) {
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty", MotionEvery: 5})
	motions := func() int { return len(hub.Events(camera.ID(), "motion")) }
	harness.Until(t, "a motion is reported", soon, func() bool { return motions() > 0 })

	hub.Revoke(camera.ID())
	before := motions()
	camera.Said().Await(t, camera.Said().Len(), 2, motionLine, soon)
	if n := motions(); n != before {
		t.Errorf("%d events of a revoked camera were taken", n-before)
	}
	if status := hub.Device(camera.ID()).Status; status != "revoked" {
		t.Errorf("the device is %s", status)
	}

	hub.Approve(camera.ID())
	harness.Until(t, "what happened meanwhile is reported", 2*soon, func() bool { return motions() >= before+2 })
	noGaps(t, hub.Events(camera.ID(), "motion"))
}

// Not even a key is asked for.
func openAdmitsEverybody(t *testing.T, s setup) {
	hub := s.hub(t, harness.Open)
	camera := s.camera(t, harness.Model{Hub: hub.CameraURL, Scene: "empty"})
	camera.Start(t)
	awaitOnline(t, hub, camera)
	if d := hub.Device(camera.ID()); d.Status != "approved" {
		t.Errorf("the device is %s", d.Status)
	}
}
