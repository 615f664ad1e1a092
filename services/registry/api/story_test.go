package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"

	"home.arpa/nestbox/services/registry"
)

// arduinoJSON is what ArduinoJson 6 takes of a StaticJsonDocument on the ESP32
// for a flat object that it reads from a String: 16 bytes a member, and copies
// of all keys and strings with their final zeros.
func arduinoJSON(t *testing.T, body []byte) int {
	t.Helper()
	var members map[string]string
	if err := json.Unmarshal(body, &members); err != nil {
		t.Fatalf("%s is no flat object of strings: %v", body, err)
	}
	total := 0
	for k, v := range members {
		total += 16 + len(k) + 1 + len(v) + 1
	}
	return total
}

// TestStoryClient sends what the story's C++ sends, byte for byte.
func TestStoryClient(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/story_register.json")
	if err != nil {
		t.Fatal(err)
	}
	w := setup(t, mode(registry.ModeOpen, ""))
	for boot := range 3 {
		a := w.want(http.StatusOK, "POST", "/api/devices/register", "", string(body))
		got := a.json(t)
		token := fmt.Sprint(got["token"])
		if len(got) != 2 || got["status"] != "registered" {
			t.Errorf("boot %d: %s, want status and token alone", boot, a.body)
		}
		if len(token) > 180 {
			t.Errorf("token of %d characters", len(token))
		}
		if used := arduinoJSON(t, a.body); used > 256 {
			t.Errorf("the answer takes %d bytes of StaticJsonDocument<256>", used)
		}
		w.want(http.StatusNoContent, "GET", "/api/devices/24:6F:28:AA:BB:CC/commands", token, nil)
	}
}

// TestLongestStoryAnswer looks at the worst case: an epoch that a device reaches
// after a lifetime of revocations.
func TestLongestStoryAnswer(t *testing.T) {
	t.Parallel()
	w := setup(t, mode(registry.ModeOpen, ""))
	w.want(http.StatusOK, "POST", "/api/devices/register", "", storyRegistration(front))
	st, err := w.service.Device(t.Context(), front)
	if err != nil {
		t.Fatal(err)
	}
	st.Device.Epoch = 99_999
	w.putDevice(st.Device)
	a := w.want(http.StatusOK, "POST", "/api/devices/register", "", storyRegistration(front))
	if used := arduinoJSON(t, a.body); used > 256 || len(fmt.Sprint(a.json(t)["token"])) > 180 {
		t.Errorf("%d bytes of 256: %s", used, a.body)
	}
}

func TestAnswerWithSecretHasTheRest(t *testing.T) {
	t.Parallel()
	w := setup(t, mode(registry.ModeOpen, ""))
	a := w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf("246f28aabb01", secretOf(front))).json(t)
	for field, want := range map[string]any{
		"status": "registered", "device_id": front, "heartbeat_interval_seconds": 60.,
		"server_time_ms": float64(w.clock.now().UnixMilli()), "server_time": w.clock.now().UTC().Format("2006-01-02T15:04:05.000Z"),
	} {
		if a[field] != want {
			t.Errorf("%s is %v, want %v", field, a[field], want)
		}
	}
	if p, _ := a["privacy"].(map[string]any); p["locked"] != false || p["generation"] != 0. {
		t.Errorf("privacy is %v", a["privacy"])
	}
}
