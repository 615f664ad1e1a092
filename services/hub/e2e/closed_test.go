package e2e

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"home.arpa/nestbox/services/hub/hubtest"
)

// open are the routes that answer somebody who shows nothing: a camera that enrols, a person who logs in, and the document.
// Health is on a port of its own.
var open = map[string]int{
	"POST /api/devices/register": 400,
	"POST /api/login":            400,
	"GET /api/openapi.yaml":      200,
}

func TestNoRouteButTheOpenOnesAnswersWithoutCredentials(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	document := hubtest.Do(t, http.MethodGet, h.url+"/api/openapi.yaml", nil).Want(t, http.StatusOK).Body
	routes := documentedRoutes(t, string(document))
	if len(routes) < 30 {
		t.Fatalf("only %d routes in the document: %v", len(routes), routes)
	}
	for _, route := range routes {
		method, path, _ := strings.Cut(route, " ")
		path = regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(path, "01890000-0000-7000-8000-000000000000")
		for name, headers := range map[string][]string{
			"nothing":  nil,
			"cookie":   {"Cookie", "nestbox_session=nbx_" + strings.Repeat("A", 43)},
			"token":    {"Authorization", "Bearer nbx_" + strings.Repeat("A", 43)},
			"in query": {"X-Forwarded-User", "admin"},
		} {
			target := h.url + path
			if name == "in query" {
				target += "?token=nbx_" + strings.Repeat("A", 43) + "&access_token=x"
			}
			want, public := open[route]
			if !public {
				want = http.StatusUnauthorized
			}
			if a := hubtest.Do(t, method, target, nil, headers...); a.Status != want {
				t.Errorf("%s with %s: %d, want %d: %.100s", route, name, a.Status, want, a.Body)
			}
		}
	}
	if a := hubtest.Do(t, http.MethodPost, h.url+"/owner/reset-password", nil); a.Status != http.StatusNotFound {
		t.Errorf("the owner's door is open on the network: %d", a.Status)
	}
}

// documentedRoutes reads method and path from the document, by its indentation. That the document has every route of the
// engine is another test's: see TestDocumentHasEveryRoute of package hub.
func documentedRoutes(t *testing.T, document string) []string {
	t.Helper()
	var out []string
	path, inPaths := "", false
	for line := range strings.Lines(document) {
		line = strings.TrimRight(line, "\r\n")
		switch {
		case !strings.HasPrefix(line, " ") && line != "" && !strings.HasPrefix(line, "#"):
			inPaths = line == "paths:"
		case !inPaths:
		case strings.HasPrefix(line, "  /"):
			path = strings.TrimSuffix(strings.TrimSpace(line), ":")
		case regexp.MustCompile(`^    (get|put|post|delete|patch):$`).MatchString(line):
			out = append(out, strings.ToUpper(strings.Trim(line, " :"))+" "+path)
		}
	}
	return out
}

func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=key", "NESTBOX_ENROLMENT_KEY=the-key-of-the-house", "NESTBOX_LOG_LEVEL=debug", "NESTBOX_LOG_FORMAT=json")
	c, op := h.newCamera(1), h.operator()
	a := hubtest.Do(t, http.MethodPost, h.url+"/api/devices/register", map[string]any{
		"device_id": c.id, "device_type": "esp32cam", "firmware_version": "1", "ip_address": "10.0.0.9", "capabilities": []string{},
		"device_secret": c.secret, "enrolment_key": "the-key-of-the-house",
	}).Want(t, http.StatusOK)
	c.token = a.JSON["token"].(string)
	if a, err := c.upload(frame(1, 160, 120)); err != nil || a.Status != http.StatusOK {
		t.Fatalf("%d %v", a.Status, err)
	}
	hubtest.Do(t, http.MethodPost, h.url+"/api/login", map[string]any{"password": "a wrong password"}).Want(t, http.StatusUnauthorized)
	op.do(http.MethodGet, "/api/devices", nil).Want(t, http.StatusOK)
	said := h.text.String()
	for name, secret := range map[string]string{
		"device secret": c.secret, "device token": c.token, "enrolment key": "the-key-of-the-house",
		"password": password, "wrong password": "a wrong password", "API token": op.token,
	} {
		if strings.Contains(said, secret) {
			t.Errorf("the log has the %s", name)
		}
	}
	if key, err := os.ReadFile(h.dir + "/token.key"); err != nil || strings.Contains(said, strings.Split(string(key), "\n")[1]) {
		t.Errorf("the log has the signing key, or there is none: %v", err)
	}
}
