package api_test

import (
	"net/http"
	"runtime"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/registry/postgres"
)

// TestPostgresGone takes the database away in three ways. Each time all routes
// answer 503 with Retry-After within 2 s, nothing piles up, and the same process
// serves again when it is back. It runs alone, since it counts goroutines.
func TestPostgresGone(t *testing.T) {
	server := pgtest.StartServer(t)
	db := pgtest.Connect(t, server.Config(postgres.Schema))
	if _, err := migrate.Postgres(t.Context(), db, postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	w := setupOn(t, postgres.NewStore(db))
	background(t, w.service.Publish)
	background(t, w.service.Sweep)
	token := w.enrol(front)
	works := func() bool {
		return w.do("GET", "/api/devices/"+front+"/commands", token, nil).status == http.StatusNoContent
	}
	if !works() {
		t.Fatal("it does not work to begin with")
	}
	before := runtime.NumGoroutine()
	for _, c := range []struct {
		name       string
		away, back func()
	}{
		{"killed", server.Kill, server.Start},
		{"stopped", server.Stop, server.Start},
		{"cut off", server.Freeze, server.Thaw},
	} {
		c.away()
		for _, r := range []struct {
			method, path, token string
			body                any
		}{
			{"POST", "/api/devices/register", "", registrationOf(front, secretOf(front))},
			{"GET", "/api/devices/" + front + "/commands?wait_s=30", token, nil},
			{"POST", "/api/devices/" + front + "/privacy/switch", token, map[string]any{"locked": true, "generation": 1}},
			{"POST", "/api/login", "", map[string]any{"password": adminPassword}},
			{"GET", "/api/devices", w.token, nil},
			{"PUT", "/api/devices/" + front + "/privacy", w.token, map[string]any{"locked": true}},
		} {
			start := time.Now()
			a := w.do(r.method, r.path, r.token, r.body)
			if took := time.Since(start); a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || took > 2*time.Second {
				t.Errorf("%s: %s %s: %d after %v, Retry-After %q: %s", c.name, r.method, r.path, a.status, took, a.header.Get("Retry-After"), a.body)
			}
		}
		c.back()
		pgtest.Within(t, 30*time.Second, c.name+": serving again", works)
	}
	pgtest.Within(t, 30*time.Second, "no goroutine is left of the outages", func() bool { return runtime.NumGoroutine() <= before+8 })
	// What the outages interrupted happens now.
	w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
	w.want(http.StatusOK, "PUT", "/api/devices/"+front+"/privacy", w.token, map[string]any{"locked": true})
}
