package api_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/openapi/contracttest"
	"home.arpa/nestbox/services/telemetry"
)

// seed gives a fuzz target the bodies of all wire vectors of a call.
func seed(f *testing.F, call string) {
	f.Helper()
	for _, v := range contracttest.Load(f, call) {
		f.Add(string(v.Body(f)))
	}
}

// FuzzHeartbeatBody: no body is answered with 5xx, and what was taken can be
// read back.
func FuzzHeartbeatBody(f *testing.F) {
	seed(f, "heartbeat")
	h := newHub(f)
	token := h.token(contracttest.DeviceID)
	f.Fuzz(func(t *testing.T, body string) {
		before, err := h.beats.Marks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		rec := h.do(h.post(heartbeat, token, body))
		after, err := h.beats.Marks(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		recorded := after[contracttest.DeviceID] != before[contracttest.DeviceID]
		if rec.Code >= http.StatusInternalServerError || recorded != (rec.Code == http.StatusOK) || !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%q: status %d, recorded %v: %s", body, rec.Code, recorded, rec.Body)
		}
		if rec.Code != http.StatusOK {
			return
		}
		_, last, err := h.beats.Device(t.Context(), contracttest.DeviceID)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := telemetry.ParseBeat(last.DeviceID, last.Stored()); err != nil || string(again.Stored()) != string(last.Stored()) {
			t.Fatalf("%q is stored as %s: %v", body, last.Stored(), err)
		}
	})
}

// FuzzMotionBody: no body is answered with 5xx, and no event is dated where none
// can have happened.
func FuzzMotionBody(f *testing.F) {
	seed(f, "motion")
	h := newHub(f)
	token := h.token(contracttest.DeviceID)
	f.Fuzz(func(t *testing.T, body string) {
		h.pass(time.Minute) // so that neither limit is met
		rec := h.do(h.post(motion, token, body))
		if rec.Code >= http.StatusInternalServerError || !json.Valid(rec.Body.Bytes()) {
			t.Fatalf("%q: status %d: %s", body, rec.Code, rec.Body)
		}
		if rec.Code != http.StatusOK {
			return
		}
		answer := decode[struct {
			EventID    string    `json:"event_id"`
			OccurredAt time.Time `json:"occurred_at"`
		}](t, rec)
		if at := answer.OccurredAt; at.Before(telemetry.Earliest) || at.After(h.clock().Add(2*time.Minute)) || answer.EventID == "" {
			t.Fatalf("%q is answered %s", body, rec.Body)
		}
	})
}

// FuzzEventsQuery: no cursor, filter or limit is answered with 5xx.
func FuzzEventsQuery(f *testing.F) {
	for _, q := range []string{"", "cursor=AAABm3baqAABm3baqAB8MbmkDSpMHpsQ&limit=5", "device_id=aabbccddeeff&kind=motion", "from=2026-01-01T00:00:00Z&to=2027-01-01T00:00:00Z", "limit=-1", "%zz"} {
		f.Add(q)
	}
	h := newHub(f)
	f.Fuzz(func(t *testing.T, query string) {
		req := h.get("/api/events")
		req.URL.RawQuery = query
		if rec := h.do(req); rec.Code != http.StatusOK && rec.Code != http.StatusBadRequest {
			t.Fatalf("%q: status %d: %s", query, rec.Code, rec.Body)
		}
	})
}
