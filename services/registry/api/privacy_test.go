package api_test

import (
	"fmt"
	"net/http"
	"testing"
)

func TestPrivacyIsOrderedAndAcknowledged(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	device := "/api/devices/" + front
	set := func(locked bool) map[string]any {
		t.Helper()
		return w.want(http.StatusOK, "PUT", device+"/privacy", w.token, map[string]any{"locked": locked}).json(t)["privacy"].(map[string]any)
	}
	commands := func(state string) []any {
		t.Helper()
		return w.want(http.StatusOK, "GET", "/api/commands?state="+state, w.token, nil).json(t)["commands"].([]any)
	}
	if p := set(true); p["generation"] != 1. || p["changed_by"] != "tests" || p["acknowledged_generation"] != 0. {
		t.Errorf("locked: %v", p)
	}
	if s, _ := w.published.Device(front); !s.PrivacyLocked || s.PrivacyGeneration != 1 || s.PendingCommands != 1 {
		t.Errorf("published %+v", s)
	}
	// A double click changes nothing.
	if p := set(true); p["generation"] != 1. || len(commands("queued")) != 1 {
		t.Errorf("locked again: %v, commands %v", p, commands("queued"))
	}
	// Of two orders only the newer stays.
	set(false)
	set(true)
	if q, c := commands("queued"), commands("cancelled"); len(q) != 1 || len(c) != 2 {
		t.Errorf("queued %v, cancelled %v", q, c)
	}
	// A picture cannot be ordered while the camera is locked.
	w.want(http.StatusConflict, "POST", "/api/commands", w.token, map[string]any{"device_id": front, "kind": "capture"})

	handed := w.want(http.StatusOK, "GET", device+"/commands", token, nil).json(t)["commands"].([]any)[0].(map[string]any)
	if p := handed["parameters"].(map[string]any); handed["kind"] != "set_privacy" || p["locked"] != true || p["generation"] != 3. {
		t.Errorf("handed %v", handed)
	}
	w.want(http.StatusOK, "POST", fmt.Sprintf("%s/commands/%v/result", device, handed["command_id"]), token, map[string]any{"status": "succeeded"})
	p := w.want(http.StatusOK, "GET", device, w.token, nil).json(t)["privacy"].(map[string]any)
	if p["acknowledged_generation"] != 3. || p["acknowledged_at"] == nil {
		t.Errorf("after the camera obeyed: %v", p)
	}
}

func TestCamerasOwnSwitch(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	device := "/api/devices/" + front
	turn := func(status int, locked bool, generation int) map[string]any {
		t.Helper()
		a := w.want(status, "POST", device+"/privacy/switch", token, map[string]any{"locked": locked, "generation": generation})
		if status != http.StatusOK {
			return nil
		}
		return a.json(t)["privacy"].(map[string]any)
	}
	if p := turn(http.StatusOK, true, 1); p["locked"] != true || p["generation"] != 1. {
		t.Errorf("adopted as %v", p)
	}
	shown := w.want(http.StatusOK, "GET", device, w.token, nil).json(t)["privacy"].(map[string]any)
	if shown["changed_by"] != "device" || shown["acknowledged_generation"] != 1. {
		t.Errorf("shown as %v", shown)
	}
	turn(http.StatusOK, true, 1)

	// The operator unlocks; the camera, which does not know yet, is locked by hand at the same generation: locked wins.
	w.want(http.StatusOK, "PUT", device+"/privacy", w.token, map[string]any{"locked": false})
	if p := turn(http.StatusOK, true, 2); p["locked"] != true || p["generation"] != 3. {
		t.Errorf("conflict, camera locked: %v", p)
	}
	w.want(http.StatusNoContent, "GET", device+"/commands", token, nil) // the order to unlock is void

	// The other way round: the hub locked, the camera says unlocked at that generation.
	w.want(http.StatusOK, "PUT", device+"/privacy", w.token, map[string]any{"locked": false})
	w.want(http.StatusOK, "PUT", device+"/privacy", w.token, map[string]any{"locked": true})
	if p := turn(http.StatusOK, false, 5); p["locked"] != true || p["generation"] != 5. {
		t.Errorf("conflict, hub locked: %v", p)
	}
	turn(http.StatusConflict, false, 4)
	if p := turn(http.StatusOK, true, 5); p["generation"] != 5. {
		t.Errorf("obeyed: %v", p)
	}
	w.want(http.StatusNoContent, "GET", device+"/commands", token, nil) // the camera obeys already
}
