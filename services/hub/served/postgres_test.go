package served_test

import (
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// unavailableWithin is the promise of an answer while the database is gone.
const unavailableWithin = 2 * time.Second

// TestPostgresGoneIsSaidAtOnceAndHeals kills the database, and freezes it, with a camera and an operator who go on.
func TestPostgresGoneIsSaidAtOnceAndHeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{ownPostgres: true})
	session := w.login()
	op, c := session.script(), w.newCamera(1).enrol(t)
	n := 0
	event := func() (hubtest.Answer, error) {
		n++
		return c.motion("", time.Now().Add(-24*time.Hour+time.Duration(n)*6*time.Second))
	}
	page := func(path string) func() (hubtest.Answer, error) {
		return func() (hubtest.Answer, error) { return op.try(http.MethodGet, path, nil) }
	}
	durable := map[string]func() (hubtest.Answer, error){
		"register": func() (hubtest.Answer, error) { return c.register() },
		"motion":   event,
		"upload":   func() (hubtest.Answer, error) { n++; return c.upload(frame(uint64(n), 160, 120)) },
		"commands": func() (hubtest.Answer, error) { return c.poll(0) },
		"waiting":  func() (hubtest.Answer, error) { return c.poll(20) },
		"result": func() (hubtest.Answer, error) {
			return hubtest.Try(http.MethodPost, w.url+"/api/devices/"+c.id+"/commands/01890000-0000-7000-8000-000000000000/result", map[string]any{"status": "failed"}, c.bearer()...)
		},
		"switch": func() (hubtest.Answer, error) {
			return hubtest.Try(http.MethodPost, w.url+"/api/devices/"+c.id+"/privacy/switch", map[string]any{"locked": false, "generation": 1}, c.bearer()...)
		},
		"login": func() (hubtest.Answer, error) {
			return hubtest.Try(http.MethodPost, w.url+"/api/login", map[string]any{"password": password})
		},
		"session": func() (hubtest.Answer, error) { return session.try(http.MethodGet, "/api/session", nil) },
		"devices": page("/api/devices"),
		"revoke":  func() (hubtest.Answer, error) { return op.try(http.MethodPost, "/api/devices/"+mac(9)+"/revoke", nil) },
		"command": func() (hubtest.Answer, error) {
			return op.try(http.MethodPost, "/api/commands", map[string]any{"device_id": c.id, "kind": "identify"})
		},
		"audit":         page("/api/audit"),
		"events":        page("/api/events"),
		"presence":      page("/api/presence"),
		"pictures":      page("/api/pictures"),
		"storage":       page("/api/storage"),
		"deletions":     page("/api/storage/deletions"),
		"picture audit": page("/api/audit/pictures"),
	}
	// Warm: each service has connections, which are then cut.
	hubtest.Eventually(t, 30*time.Second, "the first event", hubtest.Answers(http.StatusOK, event))
	op.do(http.MethodGet, "/api/storage", nil).Want(t, http.StatusOK)
	goroutines := map[string]float64{}
	for _, s := range w.started {
		goroutines[s.name] = s.metric(t, "go_goroutines")
	}

	for what, outage := range map[string]struct{ begin, end func() }{
		"killed": {w.server.Kill, w.server.Start},
		"frozen": {w.server.Freeze, w.server.Thaw},
	} {
		waiting := make(chan hubtest.Answer, 1)
		go func() {
			a, _ := c.poll(30)
			waiting <- a
		}()
		outage.begin()
		for round := range 2 { // the second time it is known to be gone
			for name, call := range durable {
				a, err := call()
				switch {
				case err != nil:
					t.Errorf("%s, %s: %v", what, name, err)
				case a.Status != http.StatusServiceUnavailable || !a.Retries():
					t.Errorf("%s, %s: %d %s, want 503 with Retry-After", what, name, a.Status, a.Body)
				case a.Took > unavailableWithin:
					t.Errorf("%s, %s: the answer took %v in round %d", what, name, a.Took, round)
				}
			}
		}
		if a, err := c.beat(); err != nil || a.Status != http.StatusOK {
			t.Errorf("%s: a heartbeat needs no database: %d %s %v", what, a.Status, a.Body, err)
		}
		for _, s := range w.started {
			// Telemetry goes on taking heartbeats, so it must go on getting requests.
			if s == w.telemetry {
				s.awaitReady("degraded")
			} else {
				s.awaitReady("unready")
			}
			if a := hubtest.Do(t, http.MethodGet, "http://"+s.ops+"/livez", nil); a.Status != http.StatusOK {
				t.Errorf("%s: %s: /livez %d: a restart would not help", what, s.name, a.Status)
			}
		}
		outage.end()
		begin := time.Now()
		for _, s := range w.started {
			s.awaitReady("ready")
		}
		hubtest.Eventually(t, 30*time.Second, what+": events are taken again", hubtest.Answers(http.StatusOK, event))
		hubtest.Eventually(t, 30*time.Second, what+": pictures are taken again", hubtest.Answers(http.StatusOK, durable["upload"]))
		hubtest.Eventually(t, 30*time.Second, what+": cameras are admitted again", hubtest.Answers(http.StatusOK, durable["register"]))
		t.Logf("%s: all is as before %v after Postgres was back", what, time.Since(begin).Round(time.Millisecond))
		if a := <-waiting; a.Status != http.StatusServiceUnavailable && a.Status != http.StatusNoContent && a.Status != http.StatusOK {
			t.Errorf("%s: a poll that waited when it began: %d %s", what, a.Status, a.Body)
		}
		for _, s := range w.started {
			hubtest.Eventually(t, 30*time.Second, what+": "+s.name+" has no more goroutines than before", func() bool {
				return s.metric(t, "go_goroutines") <= goroutines[s.name]+10
			})
		}
	}
}
