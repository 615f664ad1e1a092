package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/registry"
)

const siteKey = "the key of this site"

func with(body map[string]any, key string, value any) map[string]any {
	body[key] = value
	return body
}

func TestEnrolmentModes(t *testing.T) {
	t.Parallel()
	secret := registrationOf(front, secretOf(front))
	for _, c := range []struct {
		name   string
		mode   registry.Mode
		body   map[string]any
		status int
	}{
		{"approve: waits", registry.ModeApprove, secret, 202},
		{"approve: a key does not help", registry.ModeApprove, with(registrationOf(front, secretOf(front)), "enrolment_key", siteKey), 202},
		{"approve: no secret", registry.ModeApprove, storyRegistration(front), 403},
		{"key: right", registry.ModeKey, with(registrationOf(front, secretOf(front)), "enrolment_key", siteKey), 200},
		{"key: wrong", registry.ModeKey, with(registrationOf(front, secretOf(front)), "enrolment_key", siteKey+"x"), 403},
		{"key: none", registry.ModeKey, secret, 202},
		{"key: right without a secret", registry.ModeKey, with(storyRegistration(front), "enrolment_key", siteKey), 403},
		{"open: with a secret", registry.ModeOpen, secret, 200},
		{"open: without", registry.ModeOpen, storyRegistration(front), 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, mode(c.mode, siteKey))
			a := w.want(c.status, "POST", "/api/devices/register", "", c.body)
			if a.status == http.StatusAccepted {
				if a.header.Get("Retry-After") != "30" || a.json(t)["retry_after_seconds"] != 30. || len(a.json(t)) != 2 {
					t.Errorf("202 says %s, Retry-After %s", a.body, a.header.Get("Retry-After"))
				}
			}
			if strings.Contains(string(a.body), siteKey) || strings.Contains(string(a.body), secretOf(front)) {
				t.Error("a secret is in the answer")
			}
		})
	}
}

func TestKnownDevices(t *testing.T) {
	t.Parallel()
	other := secretOf("another")
	for _, c := range []struct {
		name   string
		mode   registry.Mode
		first  map[string]any
		second map[string]any
		status int
	}{
		{"open: no secret, again none", registry.ModeOpen, storyRegistration(front), storyRegistration(front), 200},
		{"open: no secret, then one", registry.ModeOpen, storyRegistration(front), registrationOf(front, other), 202},
		{"open: secret, then none", registry.ModeOpen, registrationOf(front, other), storyRegistration(front), 409},
		{"open: secret, then another", registry.ModeOpen, registrationOf(front, other), registrationOf(front, secretOf(front)), 202},
		{"open: the same", registry.ModeOpen, registrationOf(front, other), registrationOf(front, other), 200},
		{
			"key: another secret, even with the key", registry.ModeKey, with(registrationOf(front, other), "enrolment_key", siteKey),
			with(registrationOf(front, secretOf(front)), "enrolment_key", siteKey), 202,
		},
		{
			"key: the same without the key", registry.ModeKey, with(registrationOf(front, other), "enrolment_key", siteKey),
			registrationOf(front, other), 200,
		},
		{
			"key: the same with a wrong key", registry.ModeKey, with(registrationOf(front, other), "enrolment_key", siteKey),
			with(registrationOf(front, other), "enrolment_key", "wrong key"), 200,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, mode(c.mode, siteKey))
			w.want(http.StatusOK, "POST", "/api/devices/register", "", c.first)
			w.want(c.status, "POST", "/api/devices/register", "", c.second)
		})
	}
}

// TestTwoDevicesOneAddress is the promise to the first device: whatever the
// second one with its MAC address tries, the first never notices.
func TestTwoDevicesOneAddress(t *testing.T) {
	t.Parallel()
	for _, m := range []registry.Mode{registry.ModeApprove, registry.ModeKey, registry.ModeOpen} {
		t.Run(string(m), func(t *testing.T) {
			t.Parallel()
			w := setup(t, mode(m, siteKey))
			token := w.enrol(front)
			w.want(http.StatusOK, "PATCH", "/api/devices/"+front, w.token, map[string]any{"name": "Front door"})
			before := w.want(http.StatusOK, "GET", "/api/devices/"+front, w.token, nil).json(t)

			for _, spelled := range []string{front, strings.ToLower(front), strings.ReplaceAll(front, ":", "-"), strings.ReplaceAll(front, ":", "")} {
				thief := with(registrationOf(spelled, secretOf("thief")), "enrolment_key", siteKey)
				thief["firmware_version"] = "evil"
				a := w.want(http.StatusAccepted, "POST", "/api/devices/register", "", thief)
				if strings.Contains(string(a.body), "token") {
					t.Fatalf("the second device got %s", a.body)
				}
			}
			w.want(http.StatusNoContent, "GET", "/api/devices/"+front+"/commands", token, nil)
			w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
			after := w.want(http.StatusOK, "GET", "/api/devices/"+front, w.token, nil).json(t)
			for _, field := range []string{"name", "status", "firmware_version", "enrolled_at", "created_at"} {
				if before[field] != after[field] {
					t.Errorf("%s was %v and is %v", field, before[field], after[field])
				}
			}
			if after["reenrolment"] == nil {
				t.Error("the operator does not see that somebody else asks")
			}
		})
	}
}

func TestReenrolmentKeepsTheDevice(t *testing.T) {
	t.Parallel()
	w := setup(t)
	old := w.enrol(front)
	w.want(http.StatusOK, "PATCH", "/api/devices/"+front, w.token, map[string]any{"name": "Front door", "heartbeat_interval_seconds": 30})
	w.want(http.StatusOK, "PUT", "/api/devices/"+front+"/privacy", w.token, map[string]any{"locked": true})
	w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf("erased")))
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/approve", w.token, nil)

	// The former credential ends with the approval, not before.
	w.want(http.StatusUnauthorized, "GET", "/api/devices/"+front+"/commands", old, nil)
	w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
	a := w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf(front, secretOf("erased"))).json(t)
	if p := a["privacy"].(map[string]any); p["locked"] != true || a["heartbeat_interval_seconds"] != 30. {
		t.Errorf("settings were lost: %v", a)
	}
	d := w.want(http.StatusOK, "GET", "/api/devices/"+front, w.token, nil).json(t)
	if d["name"] != "Front door" {
		t.Errorf("name was lost: %v", d)
	}
}

func TestApprovalNamesTheRequest(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ask := func(secret string) {
		t.Helper()
		w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf(secret)))
	}
	ask("one")
	shown := w.want(http.StatusOK, "GET", "/api/devices/"+front, w.token, nil).json(t)
	first := fmt.Sprint(shown["reenrolment"].(map[string]any)["request_id"])
	if shown["status"] != "pending" || shown["enrolled_at"] != nil {
		t.Errorf("a waiting device is shown as %v", shown)
	}
	ask("two")
	a := w.want(http.StatusConflict, "POST", "/api/devices/"+front+"/approve", w.token, nil)
	if !strings.Contains(string(a.body), first) {
		t.Errorf("the choice is not named: %s", a.body)
	}
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/approve", w.token, map[string]any{"request_id": first})
	w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf(front, secretOf("one")))
	w.want(http.StatusConflict, "POST", "/api/devices/"+front+"/approve", w.token, map[string]any{"request_id": first})
	ask("two")
}

func TestRevokedDeviceWaitsForApproval(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	id := w.order(front, "identify")
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/revoke", w.token, nil)
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/revoke", w.token, nil)
	w.want(http.StatusUnauthorized, "GET", "/api/devices/"+front+"/commands", token, nil)
	w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
	if state := w.want(http.StatusOK, "GET", "/api/commands/"+id, w.token, nil).json(t)["state"]; state != "cancelled" {
		t.Errorf("what it was told to do is %v", state)
	}
	w.want(http.StatusConflict, "POST", "/api/commands", w.token, map[string]any{"device_id": front, "kind": "identify"})
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/approve", w.token, nil)
	w.want(http.StatusUnauthorized, "GET", "/api/devices/"+front+"/commands", token, nil)
	w.want(http.StatusNoContent, "GET", "/api/devices/"+front+"/commands", w.enrol(front), nil)
}

func TestDeletedDeviceComesBackAsNew(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	w.want(http.StatusOK, "PATCH", "/api/devices/"+front, w.token, map[string]any{"name": "Front door"})
	w.want(http.StatusNoContent, "DELETE", "/api/devices/"+front, w.token, nil)
	w.want(http.StatusNotFound, "GET", "/api/devices/"+front, w.token, nil)
	w.want(http.StatusUnauthorized, "GET", "/api/devices/"+front+"/commands", token, nil)
	deleted, _ := w.published.Device(front)
	if deleted.Status != registry.StatusDeleted || deleted.DeletedAtMs != w.clock.now().UnixMilli() {
		t.Errorf("published %+v", deleted)
	}

	w.clock.advance(time.Minute)
	w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
	again := w.enrol(front)
	w.want(http.StatusUnauthorized, "GET", "/api/devices/"+front+"/commands", token, nil)
	w.want(http.StatusNoContent, "GET", "/api/devices/"+front+"/commands", again, nil)
	if d := w.want(http.StatusOK, "GET", "/api/devices/"+front, w.token, nil).json(t); d["name"] != "" {
		t.Errorf("it remembers %v", d["name"])
	}
	// The purge of its former life may not have begun yet.
	if s, _ := w.published.Device(front); s.Status != registry.StatusApproved || s.Epoch != 2 || s.DeletedAtMs != deleted.DeletedAtMs {
		t.Errorf("published %+v", s)
	}
}

func TestRegistrationLimits(t *testing.T) {
	t.Parallel()
	t.Run("guessing the key is slowed down, also when right", func(t *testing.T) {
		t.Parallel()
		w := setup(t, mode(registry.ModeKey, siteKey))
		for range registry.RateEnrolment.Burst {
			w.want(http.StatusForbidden, "POST", "/api/devices/register", "", with(registrationOf(front, secretOf(front)), "enrolment_key", "a guess"))
		}
		right := with(registrationOf(front, secretOf(front)), "enrolment_key", siteKey)
		if a := w.want(http.StatusTooManyRequests, "POST", "/api/devices/register", "", right); a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		w.clock.advance(time.Minute)
		w.want(http.StatusOK, "POST", "/api/devices/register", "", right)
	})
	t.Run("success is never limited", func(t *testing.T) {
		t.Parallel()
		w := setup(t, mode(registry.ModeKey, siteKey))
		for i := range 5 * registry.RateEnrolment.Burst {
			id := fmt.Sprintf("24:6F:28:00:00:%02X", i%256)
			w.want(http.StatusOK, "POST", "/api/devices/register", "", with(registrationOf(id, secretOf(id)), "enrolment_key", siteKey))
			w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf(id, secretOf(id)))
		}
	})
	t.Run("asking again for approval is never limited", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		w.enrol(front)
		for range 3 * registry.RateEnrolment.Burst {
			w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf("other")))
		}
	})
	t.Run("the requests that wait are bounded", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for i := range 256 {
			id := fmt.Sprintf("24:6F:28:00:%02X:%02X", i/256, i%256)
			w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(id, secretOf(id)))
		}
		if a := w.want(http.StatusTooManyRequests, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front))); a.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		// Those that wait already go on waiting.
		w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf("24:6F:28:00:00:07", secretOf("24:6F:28:00:00:07")))
	})
	t.Run("one id cannot fill the list", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for i := range 4 {
			w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf(strconv.Itoa(i))))
		}
		w.want(http.StatusTooManyRequests, "POST", "/api/devices/register", "", registrationOf(front, secretOf("5")))
	})
}
