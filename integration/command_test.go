package integration

import (
	"testing"

	"home.arpa/nestbox/integration/harness"
)

func aCameraCarriesOutCommands(t *testing.T, s setup) {
	scene := harness.ReadScene(t, "empty")
	hub, camera := s.enrolled(t, harness.Model{Scene: "empty"})
	newest := func() harness.Picture {
		t.Helper()
		pictures := hub.Pictures(camera.ID())
		if len(pictures) == 0 {
			t.Fatal("a capture succeeded and no picture is stored")
		}
		return pictures[0]
	}

	hub.Order(camera.ID(), "identify", nil)

	hub.Order(camera.ID(), "capture", nil)
	large := newest()
	if !scene.Has(hub.Image(large)) {
		t.Error("the picture is none of the scene's")
	}

	hub.Order(camera.ID(), "set_config", map[string]any{"frame_size": "qvga", "heartbeat_interval_seconds": 10})
	hub.Order(camera.ID(), "capture", nil)
	if small := newest(); small.Width != 320 || large.Width <= small.Width {
		t.Errorf("pictures are %d and %d pixels wide", large.Width, small.Width)
	}

	before := hub.Presence(camera.ID()).Reading.BootID
	hub.Order(camera.ID(), "reboot", nil)
	reading := hub.Presence(camera.ID()).Reading
	harness.Until(t, "the camera beats after its reboot", soon, func() bool {
		reading = hub.Presence(camera.ID()).Reading
		return reading.BootID != before
	})
	if reading.ResetReason != "software" {
		t.Errorf("the camera says that it started for %q", reading.ResetReason)
	}
	hub.Order(camera.ID(), "capture", nil)
	if small := newest(); small.Width != 320 {
		t.Errorf("after the reboot pictures are %d pixels wide again", small.Width)
	}
}
