package served_test

import (
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// within is the promise that a withdrawal keeps at every service.
const within = time.Second

func TestWithdrawalsHoldAtEveryServiceWithinASecond(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{enrolment: "key"})
	op := w.login()

	t.Run("revoked camera", func(t *testing.T) {
		c := w.newCamera(1).enrol(t, "enrolment_key", enrolmentKey)
		refusedAfter(t, deviceCalls(c), http.StatusUnauthorized, func() {
			op.do(http.MethodPost, "/api/devices/"+c.id+"/revoke", nil).Want(t, http.StatusOK)
		})
		if a, err := c.register(); err != nil || a.Status != http.StatusAccepted {
			t.Errorf("a revoked camera registers: %d %s %v, want 202", a.Status, a.Body, err)
		}
	})
	t.Run("locked camera", func(t *testing.T) {
		c := w.newCamera(2).enrol(t, "enrolment_key", enrolmentKey)
		upload := map[string]func() (hubtest.Answer, error){"upload": func() (hubtest.Answer, error) { return c.upload(frame(2, 160, 120)) }}
		set := func(locked bool) {
			op.do(http.MethodPut, "/api/devices/"+c.id+"/privacy", map[string]any{"locked": locked}).Want(t, http.StatusOK)
		}
		refusedAfter(t, upload, http.StatusForbidden, func() { set(true) })
		if a, err := c.beat(); err != nil || a.Status != http.StatusOK || a.JSON["privacy"].(map[string]any)["locked"] != true {
			t.Errorf("heartbeat of a locked camera: %s %v", a.Body, err)
		}
		set(false)
		hubtest.Eventually(t, within, "an unlocked camera may upload", hubtest.Answers(http.StatusOK, upload["upload"]))
	})
	t.Run("approved re-enrolment", func(t *testing.T) {
		first, second := w.newCamera(3).enrol(t, "enrolment_key", enrolmentKey), w.newCamera(3)
		second.secret = "another-secret-of-the-same-address-1"
		if a, err := second.register("enrolment_key", enrolmentKey); err != nil || a.Status != http.StatusAccepted || second.token != "" {
			t.Fatalf("another secret for a live id: %d %s %v, want 202", a.Status, a.Body, err)
		}
		refusedAfter(t, deviceCalls(first), http.StatusUnauthorized, func() {
			op.do(http.MethodPost, "/api/devices/"+first.id+"/approve", nil).Want(t, http.StatusOK)
		})
		second.enrol(t)
		if a, err := second.beat(); err != nil || a.Status != http.StatusOK {
			t.Errorf("the second after approval: %d %v", a.Status, err)
		}
	})
	t.Run("ended session", func(t *testing.T) {
		o := w.login()
		refusedAfter(t, operatorCalls(o), http.StatusUnauthorized, func() {
			o.do(http.MethodPost, "/api/logout", nil).Want(t, http.StatusNoContent)
		})
	})
	t.Run("deleted API token", func(t *testing.T) {
		o := op.script()
		tokens := op.do(http.MethodGet, "/api/tokens", nil).Want(t, http.StatusOK).JSON["tokens"].([]any)
		id := tokens[0].(map[string]any)["token_id"].(string)
		refusedAfter(t, operatorCalls(o), http.StatusUnauthorized, func() {
			op.do(http.MethodDelete, "/api/tokens/"+id, nil).Want(t, http.StatusNoContent)
		})
	})
}

func deviceCalls(c *camera) map[string]func() (hubtest.Answer, error) {
	return map[string]func() (hubtest.Answer, error){
		"registry":         func() (hubtest.Answer, error) { return c.poll(0) },
		"telemetry beat":   c.beat,
		"telemetry motion": func() (hubtest.Answer, error) { return c.motion("e-1", time.Now()) },
		"media":            func() (hubtest.Answer, error) { return c.upload(frame(1, 160, 120)) },
	}
}

func operatorCalls(o *operator) map[string]func() (hubtest.Answer, error) {
	calls := map[string]func() (hubtest.Answer, error){}
	for service, page := range pages {
		calls[service] = func() (hubtest.Answer, error) { return o.try(http.MethodGet, page, nil) }
	}
	return calls
}

// refusedAfter wants calls to be answered with 200 or 204 before the act, and with the status within a second after it.
func refusedAfter(t *testing.T, calls map[string]func() (hubtest.Answer, error), status int, act func()) {
	t.Helper()
	for name, call := range calls {
		hubtest.Eventually(t, within, name+" before", func() bool {
			a, err := call()
			return err == nil && (a.Status == http.StatusOK || a.Status == http.StatusNoContent)
		})
	}
	act()
	begin := time.Now()
	for name, call := range calls {
		hubtest.Eventually(t, time.Until(begin.Add(within)), name+" refuses", hubtest.Answers(status, call))
	}
	t.Logf("refused everywhere after %v", time.Since(begin).Round(time.Millisecond))
}
