package api_test

import (
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/telemetry"
)

const (
	heartbeat = "/api/heartbeat"
	motion    = "/api/events/motion"
)

func TestAClientOfTheStoryIsServed(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(front)
	rec := h.do(h.post(heartbeat, token, storyHeartbeat(front)))
	want(t, rec, http.StatusOK)
	golden(t, "heartbeat_unknown_device", rec)
	// The story's other way to say who speaks, and a body without it.
	req := h.post(heartbeat, token, `{"uptime":1,"free_heap":2,"rssi":-3,"camera_enabled":false}`)
	req.Header.Set("X-Device-ID", front)
	want(t, h.do(req), http.StatusOK)
	want(t, h.do(h.post(motion, token, storyMotion(front, noon))), http.StatusOK)
	h.wantEvents(1)
}

func TestHeartbeatTellsTheDevicesState(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	h.states.Set(front, telemetry.DeviceState{
		Status: telemetry.Approved, Epoch: 1, PrivacyLocked: true, PrivacyGeneration: 8, PendingCommands: 2, HeartbeatInterval: 30 * time.Second,
	})
	rec := h.do(h.post(heartbeat, h.token(front), storyHeartbeat(front)))
	want(t, rec, http.StatusOK)
	golden(t, "heartbeat", rec)
}

func TestTheCadenceSpreadsByTenPerCent(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	service := telemetry.NewService(telemetry.Options{Beats: h.beats, Events: h.events, Now: h.clock})
	low, high := time.Hour, time.Duration(0)
	for range 2000 {
		reply, err := service.Heartbeat(t.Context(), telemetry.Caller{DeviceID: front, Epoch: 1}, &telemetry.Reading{})
		if err != nil {
			t.Fatal(err)
		}
		low, high = min(low, reply.Next), max(high, reply.Next)
	}
	if low < 54*time.Second || high > 66*time.Second || low > 55*time.Second || high < 65*time.Second {
		t.Errorf("the next beat is due in %v to %v, want 54 s to 66 s", low, high)
	}
}

func TestMotionAnswers(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(front)
	body := `{"device_id":"` + front + `","timestamp":1772366395.5,"motion_score":42.5,"camera_enabled":true,"event_id":"b7f3-17",
		"boot_id":"b7f3","monotonic_ms":3600412,"sent_monotonic_ms":3600530,"clock_quality":"synced","privacy_generation":7}`
	rec := h.do(h.post(motion, token, body))
	want(t, rec, http.StatusOK)
	golden(t, "motion", rec)
	first := rec.Body.String()

	// The repeat comes an hour later, and is answered alike but for the time.
	h.pass(time.Hour)
	rec = h.do(h.post(motion, token, body))
	want(t, rec, http.StatusOK)
	wanted, _, dated := strings.Cut(first, "server_time_ms")
	if got := rec.Body.String(); !dated || !strings.HasPrefix(got, wanted+"server_time_ms") {
		t.Errorf("the repeat is answered %s, at first %s", got, first)
	}
	h.wantEvents(1)

	rec = h.do(h.get("/api/events"))
	want(t, rec, http.StatusOK)
	golden(t, "events", rec)
}

func TestOneMotionEventInFiveSeconds(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(front)
	want(t, h.do(h.post(motion, token, storyMotion(front, noon))), http.StatusOK)
	h.pass(3 * time.Second)
	rec := h.do(h.post(motion, token, storyMotion(front, noon.Add(3*time.Second))))
	want(t, rec, http.StatusTooManyRequests)
	if got := rec.Header().Get("Retry-After"); got != "2" {
		t.Errorf("Retry-After %q, want 2: the first event was 3 s ago", got)
	}
	h.pass(2 * time.Second)
	want(t, h.do(h.post(motion, token, storyMotion(front, noon.Add(5*time.Second)))), http.StatusOK)
	// Another device is another limit.
	want(t, h.do(h.post(motion, h.token(back), storyMotion(back, noon))), http.StatusOK)
	// A camera that comes back from an outage replays what it kept, last first, at once.
	for i := range 200 {
		body := fmt.Sprintf(`{"motion_score":1,"event_id":"q-%d","boot_id":"b","monotonic_ms":%d,"clock_quality":"unset","sent_monotonic_ms":7200000}`, i, 3_600_000-i*5000)
		want(t, h.do(h.post(motion, token, body)), http.StatusOK)
	}
	h.wantEvents(203)
}

func TestAFloodIsStoppedBeforeTheDatabase(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(front)
	refused := 0
	for i := range 310 {
		body := fmt.Sprintf(`{"motion_score":1,"boot_id":"b","monotonic_ms":%d,"sent_monotonic_ms":7200000,"clock_quality":"unset"}`, i*5000)
		rec := h.do(h.post(motion, token, body))
		if rec.Code == http.StatusTooManyRequests {
			refused++
			if after, err := strconv.Atoi(rec.Header().Get("Retry-After")); err != nil || after < 1 {
				t.Fatalf("Retry-After %q", rec.Header().Get("Retry-After"))
			}
			continue
		}
		want(t, rec, http.StatusOK)
	}
	if refused != 10 {
		t.Errorf("%d of 310 refused, want 10", refused)
	}
	want(t, h.do(h.post(motion, h.token(back), storyMotion(back, noon))), http.StatusOK)
}

func TestAnEventIsDatedByTheBootThatTheHeartbeatsTold(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(front)
	boot := func(id string, mono int) {
		t.Helper()
		want(t, h.do(h.post(heartbeat, token, fmt.Sprintf(`{"boot_id":%q,"monotonic_ms":%d}`, id, mono))), http.StatusOK)
		h.sweep()
	}
	occurred := func(boot string, mono, sent int) time.Time {
		t.Helper()
		body := fmt.Sprintf(`{"motion_score":1,"timestamp":12,"boot_id":%q,"monotonic_ms":%d`, boot, mono)
		if sent > 0 {
			body += fmt.Sprintf(`,"sent_monotonic_ms":%d`, sent)
		}
		rec := h.do(h.post(motion, token, body+"}"))
		want(t, rec, http.StatusOK)
		return decode[struct {
			OccurredAt time.Time `json:"occurred_at"`
		}](t, rec).OccurredAt
	}
	boot("one", 60_000) // began a minute before noon
	h.pass(10 * time.Minute)
	if at := occurred("one", 120_000, 0); !at.Equal(noon.Add(time.Minute)) {
		t.Errorf("by the last beat: %v", at)
	}
	boot("two", 5_000)
	// An event of the first boot, which the camera kept over its restart. What it says of its clock now is no help.
	if at := occurred("one", 180_000, 190_000); !at.Equal(noon.Add(2 * time.Minute)) {
		t.Errorf("by the boot before: %v", at)
	}
	// A boot whose beat is still to come.
	h.pass(time.Minute)
	if at := occurred("three", 4_000, 10_000); !at.Equal(h.clock().Add(-6 * time.Second)) {
		t.Errorf("by the age: %v", at)
	}
}

func TestBadTokensAre401(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	later := noon.Add(time.Hour)
	forged, err := auth.NewSigner(foreign).Sign(auth.Claims{Subject: front, Epoch: 1, ExpiresAt: later})
	if err != nil {
		t.Fatal(err)
	}
	h.states.Set(back, telemetry.DeviceState{Status: telemetry.Approved, Epoch: 2})
	gone := "AA:BB:CC:DD:EE:03"
	h.states.Set(gone, telemetry.DeviceState{Status: telemetry.Revoked, Epoch: 1})
	for name, token := range map[string]string{
		"none": "", "garbage": "x.y.z", "forged": forged, "an operator's": operator,
		"expired":            h.sign(auth.Claims{Subject: front, Epoch: 1, ExpiresAt: noon}),
		"of another purpose": h.sign(auth.Claims{Subject: "admin", Epoch: 1, ExpiresAt: later}),
		"of an older epoch":  h.token(back),
		"revoked":            h.token(gone),
	} {
		for path, body := range map[string]string{heartbeat: `{"uptime":1}`, motion: `{"motion_score":1,"clock_quality":"unset"}`} {
			rec := h.do(h.post(path, token, body))
			if rec.Code != http.StatusUnauthorized || rec.Header().Get("WWW-Authenticate") == "" {
				t.Errorf("%s, token %s: %d %s", path, name, rec.Code, rec.Body)
			}
			if token != "" && strings.Contains(rec.Body.String(), token) {
				t.Errorf("%s, token %s: the answer repeats it", path, name)
			}
		}
	}
	h.wantNothing()
}

// wantNothing fails if a request left a trace.
func (h *hub) wantNothing() {
	h.t.Helper()
	h.wantEvents(0)
	if marks, err := h.beats.Marks(h.ctx); err != nil || len(marks) != 0 {
		h.t.Errorf("beats were recorded: %v, %v", marks, err)
	}
}

func TestADeviceSpeaksForItselfOnly(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	token := h.token(front)
	for path, body := range map[string]string{heartbeat: storyHeartbeat(back), motion: storyMotion(back, noon)} {
		want(t, h.do(h.post(path, token, body)), http.StatusForbidden)
		req := h.post(path, token, strings.Replace(body, back, front, 1))
		req.Header.Set("X-Device-ID", back)
		want(t, h.do(req), http.StatusForbidden)
		req.Header.Set("X-Device-ID", "../../"+strings.Repeat("x", 10_000))
		req.Body = io.NopCloser(strings.NewReader(body))
		want(t, h.do(req), http.StatusBadRequest)
	}
	h.wantNothing()
	// Other spellings of its own id are its own id.
	for _, id := range []string{"aa:bb:cc:dd:ee:01", "AA-BB-CC-DD-EE-01", "aabbccddee01"} {
		want(t, h.do(h.post(heartbeat, token, storyHeartbeat(id))), http.StatusOK)
	}
}

// TestBadBodies holds both routes to their 4xx; none may leave a trace.
func TestBadBodies(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	both := map[string]string{
		"empty": "", "null": "null", "an array": "[]", "a string": `"x"`, "cut": `{"uptime":1`, "two values": `{} {}`,
		"NUL": "{\"device_id\":\"\x00\"}", "an escaped NUL": `{"boot_id":"a\u0000b"}`, "not UTF-8": "{\"boot_id\":\"\xff\"}",
		"NaN": `{"motion_score":NaN,"uptime":NaN}`, "a comment": `{/**/}`,
		"deep":                  strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100),
		"device_id as a number": `{"device_id":1}`, "device_id as a path": `{"device_id":"../x"}`,
		"device_id of 10,000 characters": `{"device_id":"` + strings.Repeat("A", 10_000) + `"}`,
		"camera_enabled as a string":     `{"camera_enabled":"yes","motion_score":1}`,
		"boot_id as a path":              `{"boot_id":"../../x","motion_score":1}`,
		"monotonic_ms below 0":           `{"monotonic_ms":-1,"motion_score":1}`,
		"monotonic_ms beyond int64":      `{"monotonic_ms":1e30,"motion_score":1}`,
		"an unknown clock_quality":       `{"clock_quality":"fine","motion_score":1}`,
	}
	bodies := map[string]map[string]string{heartbeat: {
		"uptime as a string": `{"uptime":"1"}`, "uptime below 0": `{"uptime":-1}`, "uptime with a fraction": `{"uptime":1.5}`,
		"rssi out of range": `{"rssi":1000}`, "sleep for a year": `{"sleep_seconds":31536000}`,
		"a reset_reason of 33": `{"reset_reason":"` + strings.Repeat("x", 33) + `"}`,
	}, motion: {
		"no score": `{"timestamp":1772366400}`, "a score as a string": `{"motion_score":"42"}`, "a score of 101": `{"motion_score":101}`,
		"a score below 0": `{"motion_score":-1}`, "a score beyond all": `{"motion_score":1e400}`,
		"1970": `{"motion_score":1,"timestamp":12}`, "2100": `{"motion_score":1,"timestamp":4102444800}`, "no date": `{"motion_score":1}`,
		"a date as text": `{"motion_score":1,"timestamp":"2026-03-01"}`, "a date beyond all": `{"motion_score":1,"timestamp":1e300}`,
		"an event_id of 65":     `{"motion_score":1,"clock_quality":"unset","event_id":"` + strings.Repeat("x", 65) + `"}`,
		"an event_id as a path": `{"motion_score":1,"clock_quality":"unset","event_id":"a/b"}`,
	}}
	token := h.token(front)
	for path, own := range bodies {
		for _, set := range []map[string]string{both, own} {
			for name, body := range set {
				rec := h.do(h.post(path, token, body))
				if rec.Code != http.StatusBadRequest || rec.Header().Get("Content-Type") != "application/problem+json" {
					t.Errorf("%s, %s: %d %s", path, name, rec.Code, rec.Body)
				}
			}
		}
		want(t, h.do(h.post(path, token, `{"a":"`+strings.Repeat("x", 17<<10)+`"}`)), http.StatusRequestEntityTooLarge)
		req := h.post(path, token, storyHeartbeat(front))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		want(t, h.do(req), http.StatusUnsupportedMediaType)
	}
	h.wantNothing()
}

// A hundred megabytes are refused before they are read, also when their length
// is not declared.
func TestAHugeBodyIsNotRead(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	server := httptest.NewServer(h.engine)
	defer server.Close()
	for name, length := range map[string]int64{"declared": 100 << 20, "not declared": -1} {
		body := new(counting)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+heartbeat, body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = length
		req.Header.Set("Authorization", "Bearer "+h.token(front))
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: status %d", name, resp.StatusCode)
		}
		if sent := body.taken.Load(); sent > 16<<20 {
			t.Errorf("%s: %d bytes were taken", name, sent)
		}
	}
	server.CloseClientConnections()
}

// counting is a body of 100 MiB of spaces. The client may still read it when the
// answer is there.
type counting struct{ taken atomic.Int64 }

func (c *counting) Read(p []byte) (int, error) {
	n := min(int64(len(p)), 100<<20-c.taken.Load())
	if n == 0 {
		return 0, io.EOF
	}
	for i := range p[:n] {
		p[i] = ' '
	}
	c.taken.Add(n)
	return int(n), nil
}
