// Package lab tests the system as it is deployed: that it starts by one command, keeps its data, lets nothing out that it should not,
// serves the story's own client, can be found, and shows one trace from motion to picture. All tests share one lab, and come one after
// the other.
package lab

import (
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

const (
	soon    = 30 * time.Second
	cameras = 3
)

func TestLab(t *testing.T) {
	lab := harness.StartLab(t, harness.LabOptions{
		Name: "deployed", Overlays: []string{"compose.observe.yaml"}, Ports: []string{"NESTBOX_TRACES_PORT", "NESTBOX_METRICS_PORT"},
	})
	for _, claim := range []struct {
		name string
		test func(t *testing.T, lab *harness.Lab)
	}{
		{"one command starts it, with cameras and their pictures", startsByOneCommand},
		{"cameras find it by themselves", isFound},
		{"motion and its picture are one trace", leavesOneTrace},
		{"containers can do little and nothing is published", isClosed},
		{"data outlives down, and a power cut of the host", keepsItsData},
		{"the story's client works unmodified", servesTheStory},
		{"half an upload is no picture", takesWholePicturesOnly},
		{"requests are limited in rate and size", isLimited}, // the last: afterwards nobody may log in for a while
	} {
		t.Run(claim.name, func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					tell(t, lab)
				}
			})
			claim.test(t, lab)
		})
	}
}

// tell prints the story of each camera.
func tell(t *testing.T, lab *harness.Lab) {
	for _, c := range lab.Containers(t, "camera") {
		t.Logf("the last that %s said:\n%s", c, c.LogTail(t))
		lab.Tell(t, c.CameraID(t))
	}
}

// startsByOneCommand is `make lab/up` on a lab that is built: the time is from the cameras' start to the last camera's picture.
func startsByOneCommand(t *testing.T, lab *harness.Lab) {
	start := time.Now()
	said := lab.Run(t, "up", "3")
	for _, want := range []string{lab.URL, "secrets/admin-password", "make lab/status"} {
		if !strings.Contains(said, want) {
			t.Errorf("lab/up does not say %q:\n%s", want, said)
		}
	}
	hub := lab.As(t)
	all := lab.Containers(t, "camera")
	if len(all) != cameras {
		t.Fatalf("the cameras are %v, want %d", all, cameras)
	}
	for _, c := range all {
		id := c.CameraID(t)
		harness.Until(t, "the camera has a picture", time.Until(start.Add(60*time.Second)), func() bool { return len(hub.Pictures(id)) > 0 })
		if state := hub.Presence(id).State; state != "online" {
			t.Errorf("camera %s is %q", id, state)
		}
		flash := harness.SceneInFlash([]byte(c.Exec(t, "cat", "/proc/1/cwd/flash.img")))
		for _, p := range hub.Pictures(id) {
			if !flash.Has(hub.Image(p)) {
				t.Errorf("picture %s is none of those in the camera's flash", p.ID)
			}
		}
	}
	t.Logf("%d cameras online, each with a picture, after %v", cameras, time.Since(start).Round(100*time.Millisecond))
}

// keepsItsData takes the lab down and up, and cuts the power of all its containers at once.
func keepsItsData(t *testing.T, lab *harness.Lab) {
	hub := lab.As(t)
	ids := map[string]bool{}
	for _, c := range lab.Containers(t, "camera") {
		ids[c.CameraID(t)] = true
	}
	events, pictures := len(hub.Events("", "motion")), len(hub.Pictures(""))
	isThere := func(t *testing.T) {
		t.Helper()
		lab.As(t).AwaitServing()
		if n := len(hub.Events("", "motion")); n < events {
			t.Errorf("%d events are there, %d were", n, events)
		}
		if n := len(hub.Pictures("")); n < pictures {
			t.Errorf("%d pictures are there, %d were", n, pictures)
		}
		for _, c := range lab.Containers(t, "camera") {
			if id := c.CameraID(t); !ids[id] {
				t.Errorf("camera %s was not there before", id)
			}
		}
	}

	lab.Run(t, "down")
	if left := lab.Containers(t, ""); len(left) > 0 {
		t.Errorf("lab/down left %v", left)
	}
	lab.Run(t, "up", "3")
	isThere(t)

	for _, c := range lab.Running(t) {
		c.Kill(t)
	}
	lab.Run(t, "up", "3")
	isThere(t)
}
