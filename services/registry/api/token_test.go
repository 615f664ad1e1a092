package api_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/registry"
)

// deviceRoutes are the routes that want a device's token.
var deviceRoutes = []struct {
	method, path string
	body         any
}{
	{"GET", "/api/devices/" + front + "/commands", nil},
	{"GET", "/api/devices/" + front + "/commands?wait_s=5", nil},
	{"POST", "/api/devices/" + front + "/commands/" + registry.NewID() + "/result", map[string]any{"status": "failed"}},
	{"POST", "/api/devices/" + front + "/privacy/switch", map[string]any{"locked": true, "generation": 1}},
}

func TestBadDeviceTokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	good := w.enrol(front)
	foreign := w.enrol(back)
	sign := func(s *auth.Signer, c auth.Claims) string {
		t.Helper()
		token, err := s.Sign(c)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	_, otherKey, _ := ed25519.GenerateKey(nil)
	later := w.clock.now().Add(time.Hour)
	parts := strings.Split(good, ".")
	tokens := map[string]struct {
		token  string
		status int
	}{
		"none":                    {"", 401},
		"garbage":                 {"garbage", 401},
		"three dots":              {"...", 401},
		"very long":               {strings.Repeat("x", 10_000), 401},
		"signed by another key":   {sign(auth.NewSigner(otherKey), auth.Claims{Subject: front, Epoch: 1, ExpiresAt: later}), 401},
		"cut":                     {good[:len(good)-1], 401},
		"signature of another":    {parts[0] + "." + parts[1] + "." + strings.Split(foreign, ".")[2], 401},
		"alg none":                {"eyJhbGciOiJub25lIn0." + parts[1] + ".", 401},
		"expired":                 {sign(w.signer, auth.Claims{Subject: front, Epoch: 1, ExpiresAt: w.clock.now()}), 401},
		"of a device nobody knew": {sign(w.signer, auth.Claims{Subject: "24:6F:28:AA:BB:99", Epoch: 1, ExpiresAt: later}), 403},
		"of another device":       {foreign, 403},
		"subject is no MAC":       {sign(w.signer, auth.Claims{Subject: "admin", Epoch: 1, ExpiresAt: later}), 403},
		"an operator's":           {w.token, 401},
	}
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/revoke", w.token, nil)
	tokens["revoked"] = struct {
		token  string
		status int
	}{good, 401}
	for name, c := range tokens {
		for _, r := range deviceRoutes {
			if a := w.do(r.method, r.path, c.token, r.body); a.status != c.status {
				t.Errorf("%s: %s %s: %d %s, want %d", name, r.method, r.path, a.status, a.body, c.status)
			}
		}
	}
	// A good token of a device that the database lost, in a restore for example.
	lost := sign(w.signer, auth.Claims{Subject: "24:6F:28:AA:BB:99", Epoch: 1, ExpiresAt: later})
	for _, r := range deviceRoutes {
		path := strings.ReplaceAll(r.path, front, "24:6F:28:AA:BB:99")
		if a := w.do(r.method, path, lost, r.body); a.status != 401 {
			t.Errorf("lost device: %s %s: %d %s, want 401", r.method, path, a.status, a.body)
		}
	}
}

// TestNothingAnswersWithoutLogin knows no list of routes: it asks the engine.
func TestNothingAnswersWithoutLogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	open := map[string]bool{"POST /api/devices/register": true, "POST /api/login": true, "GET /api/openapi.yaml": true}
	for _, r := range w.engine.Routes() {
		if open[r.Method+" "+r.Path] {
			continue
		}
		path := strings.NewReplacer(":id", front, ":command_id", registry.NewID()).Replace(r.Path)
		tokens := map[string]string{"no credential": "", "a made-up API token": auth.NewCredential()}
		if !strings.HasPrefix(r.Path, "/api/devices/:id/commands") && r.Path != "/api/devices/:id/privacy/switch" {
			tokens["a device's token"] = token
		}
		for name, credential := range tokens {
			a := w.do(r.Method, path, credential, map[string]any{})
			if a.status != http.StatusUnauthorized || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("%s %s with %s: %d %s", r.Method, path, name, a.status, a.body)
			}
		}
	}
}
