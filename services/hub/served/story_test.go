package served_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// TestStoryClientThroughOneOrigin sends what the story's pi_client.cpp sends, and no field or header more.
func TestStoryClientThroughOneOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{})
	const id = "24:6F:28:AA:BB:CC"
	post := func(path, contentType, body string, headers ...string) hubtest.Answer {
		t.Helper()
		return hubtest.Do(t, http.MethodPost, w.url+path, []byte(body), append(headers, "Content-Type", contentType)...).Want(t, http.StatusOK)
	}
	registered := post("/api/devices/register", "application/json", fmt.Sprintf(
		`{"device_id":%q,"device_type":"esp32cam","firmware_version":"1.0.0","ip_address":"192.168.1.77","capabilities":["camera","motion_detection"]}`, id))
	token := registered.Text("token")
	if len(registered.JSON) != 2 || registered.Text("status") != "registered" || token == "" || len(token) > 180 {
		t.Fatalf("register answered %s, want status and a token of at most 180 characters", registered.Body)
	}
	w.secret(token)
	bearer := []string{"Authorization", "Bearer " + token}
	if a := post("/api/heartbeat", "application/json", fmt.Sprintf(
		`{"device_id":%q,"uptime":61,"free_heap":153264,"rssi":-61,"camera_enabled":true}`, id), bearer...); a.Text("status") != "ok" {
		t.Errorf("heartbeat answered %s", a.Body)
	}
	at := time.Now().Truncate(time.Second)
	if a := post("/api/events/motion", "application/json", fmt.Sprintf(
		`{"device_id":%q,"timestamp":%d,"motion_score":42,"camera_enabled":true}`, id, at.Unix()), bearer...); a.Text("status") != "received" {
		t.Errorf("motion answered %s", a.Body)
	}
	picture := frame(1, 320, 240)
	if a := post("/api/images/upload", "image/jpeg", string(picture), append(bearer, "X-Device-ID", id)...); a.Text("status") != "stored" {
		t.Errorf("upload answered %s", a.Body)
	}
	op := w.login().script()
	made := op.do(http.MethodPost, "/api/commands", map[string]any{"device_id": id, "kind": "identify"}).Want(t, http.StatusCreated)

	for _, s := range w.started { // all of it is there after a restart
		s.kill()
		s.start()
	}
	for _, s := range w.started {
		s.awaitReady("ready")
	}
	polled := hubtest.Do(t, http.MethodGet, w.url+"/api/devices/"+id+"/commands", nil, bearer...).Want(t, http.StatusOK)
	var got struct {
		Commands []struct {
			ID string `json:"command_id"`
		} `json:"commands"`
	}
	if err := json.Unmarshal(polled.Body, &got); err != nil || len(got.Commands) != 1 || got.Commands[0].ID != made.Text("command_id") {
		t.Errorf("commands %s, want %s", polled.Body, made.Body)
	}
	hubtest.Do(t, http.MethodPost, w.url+"/api/devices/"+id+"/commands/"+made.Text("command_id")+"/result",
		map[string]any{"status": "succeeded"}, bearer...).Want(t, http.StatusOK)
	events := op.all("/api/events", "events", "kind=motion")
	if len(events) != 1 || events[0]["device_id"] != id || events[0]["motion_score"] != 42.0 {
		t.Fatalf("events %v", events)
	}
	if occurred, err := time.Parse(time.RFC3339, events[0]["occurred_at"].(string)); err != nil || !occurred.Equal(at) {
		t.Errorf("occurred at %v %v, want %v", occurred, err, at)
	}
	pictures := op.all("/api/pictures", "pictures", "")
	if len(pictures) != 1 {
		t.Fatalf("pictures %v", pictures)
	}
	if a := op.do(http.MethodGet, pictures[0]["image_url"].(string), nil).Want(t, http.StatusOK); !bytes.Equal(a.Body, picture) {
		t.Error("the picture is not the one that was sent")
	}
	op.do(http.MethodGet, pictures[0]["thumbnail_url"].(string), nil).Want(t, http.StatusOK)
	// The killed telemetry's lease has to run out before the new one writes presence.
	hubtest.Eventually(t, 30*time.Second, "the camera is online", func() bool {
		return op.do(http.MethodGet, "/api/presence/"+id, nil).Text("state") == "online"
	})
}
