package openapitest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
)

// recorder stands in for the test that a Checker would fail, so that its failures can be looked at.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func answer(status int, contentType, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if contentType != "" {
			w.Header().Set("Content-Type", contentType)
		}
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

const (
	beat   = `{"device_id":"24:6F:28:AA:BB:CC","uptime":1,"free_heap":2,"rssi":-61,"camera_enabled":true}`
	beaten = `{"status":"ok","server_time":"2026-01-01T00:00:00.000Z","server_time_ms":1767225600000,` +
		`"next_heartbeat_seconds":60,"next_heartbeat_ms":60000,"pending_commands":0,"privacy":{"locked":false,"generation":0}}`
	problem = `{"type":"about:blank","title":"x","status":%d,"detail":"do this","instance":"id"}`
)

func TestAnswersAreHeldToTheDocument(t *testing.T) {
	const problemType = "application/problem+json"
	problemOf := func(status int) string { return fmt.Sprintf(problem, status) }
	tests := map[string]struct {
		method, path, body string
		handler            http.HandlerFunc
		want               string // part of the failure; empty: none
	}{
		"right":                  {"POST", "/api/heartbeat", beat, answer(200, "application/json; charset=utf-8", beaten), ""},
		"extra field":            {"POST", "/api/heartbeat", beat, answer(200, "application/json", strings.Replace(beaten, "{", `{"extra":1,`, 1)), "extra"},
		"missing field":          {"POST", "/api/heartbeat", beat, answer(200, "application/json", strings.Replace(beaten, `"status":"ok",`, "", 1)), "status"},
		"wrong type":             {"POST", "/api/heartbeat", beat, answer(200, "application/json", strings.Replace(beaten, `:60000,`, `:"60000",`, 1)), "next_heartbeat_ms"},
		"not a time":             {"POST", "/api/heartbeat", beat, answer(200, "application/json", strings.Replace(beaten, "2026-01-01T", "2026-01-01 ", 1)), "date-time"},
		"a time in seconds":      {"POST", "/api/heartbeat", beat, answer(200, "application/json", strings.Replace(beaten, "00.000Z", "00Z", 1)), "pattern"},
		"unknown status":         {"POST", "/api/heartbeat", beat, answer(418, problemType, problemOf(418)), "418"},
		"wrong media type":       {"POST", "/api/heartbeat", beat, answer(200, "text/plain", beaten), "text/plain"},
		"problem":                {"POST", "/api/heartbeat", `{"uptime":"x"}`, answer(400, problemType, problemOf(400)), ""},
		"problem as plain JSON":  {"POST", "/api/heartbeat", beat, answer(400, "application/json", problemOf(400)), "application/json"},
		"429 without the header": {"POST", "/api/events/motion", "{}", answer(429, problemType, problemOf(429)), "Retry-After"},
		"429 with the header":    {"POST", "/api/events/motion", "{}", answer(429, problemType, problemOf(429), "Retry-After", "5"), ""},
		"wrong request accepted": {"POST", "/api/heartbeat", `{"uptime":"x"}`, answer(200, "application/json", beaten), "uptime"},
		"unknown route":          {"GET", "/api/nothing", "", answer(404, problemType, problemOf(404)), ""},
		"undocumented route":     {"GET", "/api/nothing", "", answer(200, "application/json", "{}"), "not in openapi.yaml"},
		"wrong method":           {"DELETE", "/api/heartbeat", "", answer(405, problemType, problemOf(405)), ""},
		"no content":             {"GET", "/api/devices/246F28AABBCC/commands?wait_s=0", "", answer(204, "", ""), ""},
		"story's registration": {"POST", "/api/devices/register", `{"device_id":"24:6F:28:AA:BB:CC"}`,
			answer(200, "application/json", `{"status":"registered","token":"a.b.c"}`), ""},
		"half a registration": {"POST", "/api/devices/register", `{"device_id":"24:6F:28:AA:BB:CC"}`,
			answer(200, "application/json", `{"status":"registered","token":"a.b.c","server_time_ms":1767225600000}`), "missing properties"},
		"picture": {"GET", "/api/pictures/019b76da-a800-7c31-b9a4-0d2a4c1e9b10/image", "",
			answer(200, "image/jpeg", "\xff\xd8\xff\xd9", "ETag", `"x"`), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body))
			if tt.body != "" {
				req.Header.Set("Content-Type", "application/json")
			}
			rec := &recorder{TB: t}
			openapitest.New(t).Do(rec, tt.handler, req)
			all := strings.Join(rec.failures, "\n")
			switch {
			case tt.want == "" && all != "":
				t.Errorf("failed with: %s", all)
			case tt.want != "" && !strings.Contains(all, tt.want):
				t.Errorf("failed with %q, want a word of %q", all, tt.want)
			}
		})
	}
}

func TestRequireAllNamesWhatWasNotChecked(t *testing.T) {
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.GET("/api/devices/:device/commands", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	engine.GET("/api/session", func(*gin.Context) {})
	engine.GET("/api/secret", func(*gin.Context) {})
	engine.GET("/livez", func(*gin.Context) {})
	checker := openapitest.New(t)
	checker.Do(t, engine, httptest.NewRequest(http.MethodGet, "/api/devices/246F28AABBCC/commands", nil))

	rec := &recorder{TB: t}
	checker.RequireAll(rec, engine.Routes(), "GET /livez", "/gone")
	all := strings.Join(rec.failures, "\n")
	for _, want := range []string{"/api/session was never", "/api/secret is served", `"/gone", which is no route`} {
		if !strings.Contains(all, want) {
			t.Errorf("%q is not in %q", want, all)
		}
	}
	if len(rec.failures) != 3 {
		t.Errorf("%d failures, want 3: %s", len(rec.failures), all)
	}

	rec = &recorder{TB: t}
	checker.RequireServed(rec, engine.Routes())
	if all := strings.Join(rec.failures, "\n"); !strings.Contains(all, "POST /api/heartbeat") || strings.Contains(all, "GET /api/session,") {
		t.Errorf("RequireServed says %q", all)
	}
}
