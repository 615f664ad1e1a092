package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
)

type eventList struct {
	Events []struct {
		EventID    string    `json:"event_id"`
		DeviceID   string    `json:"device_id"`
		Kind       string    `json:"kind"`
		OccurredAt time.Time `json:"occurred_at"`
	} `json:"events"`
	NextCursor *string `json:"next_cursor"`
}

// TestEveryRouteKeepsToTheDocument makes every kind of answer and validates it
// against openapi.yaml.
func TestEveryRouteKeepsToTheDocument(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	checker := openapitest.New(t)
	token := h.token(front)
	full := `{"device_id":"` + front + `","uptime":3600,"free_heap":142336,"rssi":-61,"camera_enabled":true,"boot_id":"b7f3",
		"monotonic_ms":3600412,"clock_quality":"estimated","largest_free_block":65536,"reset_reason":"brownout","brownout_count":2,
		"queue_depth":3,"events_dropped":4,"sleep_seconds":0,"privacy_generation":7}`
	noAuth := h.get("/api/events")
	noAuth.Header.Del("Authorization")
	stream := h.get("/api/stream")
	ended, cancel := context.WithCancel(stream.Context())
	cancel()
	for name, step := range []struct {
		req    *http.Request
		status int
	}{
		{h.post(heartbeat, token, storyHeartbeat(front)), 200},
		{h.post(heartbeat, token, full), 200},
		{h.post(heartbeat, h.token(back), `{}`), 200},
		{h.post(heartbeat, "", `{}`), 401},
		{h.post(heartbeat, token, `{"uptime":"x"}`), 400},
		{h.post(heartbeat, token, storyHeartbeat(back)), 403},
		{h.post(heartbeat, token, strings.Repeat(" ", 17<<10)), 413},
		{h.post(motion, token, storyMotion(front, noon)), 200},
		{h.post(motion, token, storyMotion(front, noon.Add(time.Second))), 429},
		{h.post(motion, token, `{"motion_score":1}`), 400},
		{h.post(motion, token, `{"motion_score":2.5,"boot_id":"b7f3","monotonic_ms":1,"sent_monotonic_ms":60000,"clock_quality":"unset","event_id":"e-1","privacy_generation":3}`), 200},
		{h.get("/api/presence"), 200},
		{h.get("/api/presence/" + front), 200},
		{h.get("/api/presence/aabbccddee02"), 200},
		{h.get("/api/presence/AA:BB:CC:DD:EE:FF"), 404},
		{h.get("/api/presence/nobody"), 400},
		{h.get("/api/events"), 200},
		{h.get("/api/events?limit=1&device_id=" + front + "&kind=motion&from=2020-01-01T00:00:00Z&to=2030-01-01T00:00:00Z"), 200},
		{h.get("/api/events?cursor=x"), 400},
		{noAuth, 401},
		{stream.WithContext(ended), 200},
	} {
		if step.req.URL.Path == "/api/presence" {
			h.sweep()
		}
		rec := checker.Do(t, h.engine, step.req)
		if rec.Code != step.status {
			t.Errorf("step %d, %s %s: status %d, want %d: %s", name, step.req.Method, step.req.URL, rec.Code, step.status, rec.Body)
		}
	}
	checker.RequireAll(t, h.engine.Routes())
}

func TestPresence(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	want(t, h.do(h.get("/api/presence/"+front)), http.StatusNotFound)
	want(t, h.do(h.post(heartbeat, h.token(front), storyHeartbeat(front))), http.StatusOK)
	h.sweep()
	h.pass(time.Minute)
	want(t, h.do(h.post(heartbeat, h.token(front), strings.Replace(storyHeartbeat(front), "3600", "3660", 1))), http.StatusOK)
	rec := h.do(h.get("/api/presence"))
	want(t, rec, http.StatusOK)
	golden(t, "presence", rec)
	if one := h.do(h.get("/api/presence/aa-bb-cc-dd-ee-01")); !strings.Contains(rec.Body.String(), one.Body.String()) {
		t.Errorf("one device: %s\nthe list: %s", one.Body, rec.Body)
	}
}

func TestEventsAreFilteredAndPaged(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for i := range 5 {
		for _, id := range []string{front, back} {
			want(t, h.do(h.post(motion, h.token(id), storyMotion(id, noon.Add(-time.Duration(i)*time.Minute)))), http.StatusOK)
		}
	}
	want(t, h.do(h.post(heartbeat, h.token(front), `{}`)), http.StatusOK)
	h.sweep()

	list := func(query string) eventList {
		t.Helper()
		rec := h.do(h.get("/api/events?" + query))
		want(t, rec, http.StatusOK)
		return decode[eventList](t, rec)
	}
	for query, n := range map[string]int{
		"": 11, "device_id=" + front: 6, "device_id=aabbccddee02": 5, "kind=motion": 10, "kind=boot": 0, "limit=500": 11,
		"from=2026-03-01T11:58:00Z&kind=motion": 6, "to=2026-03-01T11:58:00Z": 4,
		"from=" + url.QueryEscape("2026-03-01T12:58:00+01:00") + "&to=2026-03-01T12:00:00Z": 4,
	} {
		if got := list(query); len(got.Events) != n || got.NextCursor != nil {
			t.Errorf("%q: %d events, want %d", query, len(got.Events), n)
		}
	}
	seen := map[string]bool{}
	for cursor, pages := "", 1; ; pages++ {
		page := list("limit=4&cursor=" + cursor)
		for _, e := range page.Events {
			if seen[e.EventID] {
				t.Errorf("event %s is on two pages", e.EventID)
			}
			seen[e.EventID] = true
		}
		if page.NextCursor == nil {
			if pages != 3 {
				t.Errorf("%d pages, want 3", pages)
			}
			break
		}
		cursor = *page.NextCursor
	}
	if len(seen) != 11 {
		t.Errorf("%d events on all pages, want 11", len(seen))
	}
	// A page that ends with the last event has no next one.
	if page := list("limit=11"); len(page.Events) != 11 || page.NextCursor != nil {
		t.Errorf("a last page of full length says that there is more")
	}
	for _, query := range []string{
		"device_id=x", "kind=x", "from=yesterday", "to=99999-01-01T00:00:00Z", "from=0001-01-01T00:00:00Z", "limit=0", "limit=501", "limit=x", "limit=-1",
		"cursor=x", "cursor=" + strings.Repeat("A", 32) + "=", "from=2026-03-01T12:00:00Z&to=2026-03-01T12:00:00Z", "limit=99999999999999999999",
	} {
		if rec := h.do(h.get("/api/events?" + query)); rec.Code != http.StatusBadRequest {
			t.Errorf("%q: %d %s", query, rec.Code, rec.Body)
		}
	}
}

func TestNothingIsShownWithoutALogin(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	for _, path := range []string{"/api/presence", "/api/presence/" + front, "/api/events", "/api/stream"} {
		for name, credential := range map[string]string{"none": "", "a device's": h.token(front), "a wrong one": strings.ToUpper(operator)} {
			req := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
			if credential != "" {
				req.Header.Set("Authorization", "Bearer "+credential)
			}
			if rec := h.do(req); rec.Code != http.StatusUnauthorized {
				t.Errorf("%s with credential %s: %d", path, name, rec.Code)
			}
		}
	}
}

// A heartbeat writes nothing to the database: 10,000 of them leave its files as
// they are, byte for byte, while the sweeper works.
func TestHeartbeatsLeaveTheDatabaseAlone(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	const devices = 20
	tokens := make([]string, devices)
	beat := func(device, uptime int) {
		body := fmt.Sprintf(`{"uptime":%d,"free_heap":100000,"rssi":-50,"camera_enabled":true,"boot_id":"b","monotonic_ms":%d,"events_dropped":0}`, uptime, uptime*1000)
		want(t, h.do(h.post(heartbeat, tokens[device], body)), http.StatusOK)
	}
	for i := range tokens {
		tokens[i] = h.token(fmt.Sprintf("AA:BB:CC:DD:EE:%02X", i))
		beat(i, 1000)
	}
	h.sweep()
	before := h.databaseState()
	for round := 1; round <= 10_000/devices; round++ {
		h.pass(time.Second)
		for i := range tokens {
			beat(i, 1000+round)
		}
		h.sweep()
	}
	if after := h.databaseState(); after != before {
		t.Errorf("the database changed from %+v to %+v", before, after)
	}
	if n := h.service.Counts().Beats.Load(); n != 10_000+devices {
		t.Errorf("%d heartbeats, want %d", n, 10_000+devices)
	}
}
