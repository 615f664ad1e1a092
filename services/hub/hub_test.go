package hub

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open makes a hub that is not served.
func open(t *testing.T) *Hub {
	t.Helper()
	h, err := Open(t.Context(), Config{
		Data: datadir.Path(t.TempDir()), Enrolment: registry.Policy{Mode: registry.ModeOpen},
		Retention: media.DefaultPolicy(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return h
}

func TestHubServesTheWholeDocument(t *testing.T) {
	t.Parallel()
	openapitest.New(t).RequireServed(t, open(t).engine.Routes())
}

// public are the routes that answer somebody who shows nothing.
var public = []string{"POST /api/devices/register", "POST /api/login", "GET /api/openapi.yaml"}

func TestEveryOtherRouteRefusesWhoeverShowsNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	var answered []string
	for _, r := range h.engine.Routes() {
		for name, header := range map[string]http.Header{
			"nothing":        {},
			"unknown cookie": {"Cookie": {auth.SessionCookie + "=" + auth.NewCredential()}},
			"unknown token":  {"Authorization": {"Bearer " + auth.NewCredential()}},
			"no JWT":         {"Authorization": {"Bearer a.b.c"}},
		} {
			req := httptest.NewRequestWithContext(t.Context(), r.Method, strings.NewReplacer(":", "x").Replace(r.Path), nil)
			req.Header = header
			w := httptest.NewRecorder()
			h.engine.ServeHTTP(w, req)
			if w.Code == http.StatusUnauthorized {
				continue
			}
			route := r.Method + " " + r.Path
			if !slices.Contains(answered, route) {
				answered = append(answered, route)
			}
			if !slices.Contains(public, route) {
				t.Errorf("%s with %s: %d", route, name, w.Code)
			}
		}
	}
	slices.Sort(answered)
	want := slices.Sorted(slices.Values(public))
	if !slices.Equal(answered, want) {
		t.Errorf("answered without credentials: %v, want %v", answered, want)
	}
}

func TestOwnerIsLetInBehindTheDoorOnly(t *testing.T) {
	t.Parallel()
	h := open(t)
	ask := func(handler http.Handler, method, path string) int {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		return w.Code
	}
	if got := ask(h.ownerHandler(), http.MethodGet, "/api/devices"); got != http.StatusOK {
		t.Errorf("devices behind the door: %d", got)
	}
	if got := ask(h.ownerHandler(), http.MethodPost, "/owner/reset-password"); got != http.StatusOK {
		t.Errorf("reset behind the door: %d", got)
	}
	if got := ask(h.engine, http.MethodPost, "/owner/reset-password"); got != http.StatusNotFound {
		t.Errorf("reset on the network: %d", got)
	}
}

func TestStateReachesBothServicesWhole(t *testing.T) {
	t.Parallel()
	deleted := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	s := newSpread()
	err := s.PublishDevice(t.Context(), registry.DeviceState{
		DeviceID: "AA:BB:CC:DD:EE:FF", Epoch: 7, Status: registry.StatusRevoked, PrivacyLocked: true, PrivacyGeneration: 3,
		PendingCommands: 2, HeartbeatIntervalSeconds: 30, DeletedAtMs: deleted.UnixMilli(),
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.media.State(t.Context(), "AA:BB:CC:DD:EE:FF")
	if want := (media.DeviceState{
		DeviceID: "AA:BB:CC:DD:EE:FF", Epoch: 7, Status: media.StatusRevoked, PrivacyLocked: true, PrivacyGeneration: 3, DeletedAt: deleted,
	}); err != nil || got != want {
		t.Errorf("media has %+v %v, want %+v", got, err, want)
	}
	if got, want := s.telemetry.Get("AA:BB:CC:DD:EE:FF"), (telemetry.DeviceState{
		Known: true, Epoch: 7, Status: telemetry.Revoked, PrivacyLocked: true, PrivacyGeneration: 3,
		PendingCommands: 2, HeartbeatInterval: 30 * time.Second, DeletedAt: deleted,
	}); got != want {
		t.Errorf("telemetry has %+v, want %+v", got, want)
	}
}

func TestNothingIsServedBeforeAllStatesWerePublished(t *testing.T) {
	t.Parallel()
	h := open(t)
	served := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		h.afterPublication(h.engine).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/openapi.yaml", nil))
		served <- w.Code
	}()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	select {
	case code := <-served:
		t.Fatalf("served with %d before anything was published", code)
	case <-time.After(50 * time.Millisecond):
	}
	published := make(chan struct{})
	go func() { defer close(published); _ = h.registry.Publish(ctx) }()
	if code := <-served; code != http.StatusOK {
		t.Errorf("served with %d", code)
	}
	stop()
	<-published
}
