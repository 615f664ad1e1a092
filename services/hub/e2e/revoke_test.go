package e2e

import (
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

func TestRevokedCameraIsRefusedEverywhereWithinASecond(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	op := h.operator()
	for n, revoke := range map[string]func(id string){
		"by the API": func(id string) {
			op.do(http.MethodPost, "/api/devices/"+id+"/revoke", nil).Want(t, http.StatusOK)
		},
		"by the command": func(id string) { mustRun(t, h.dir, "devices", "revoke", id) },
	} {
		c := h.newCamera(len(n)).enrol(t)
		calls := map[string]func() (hubtest.Answer, error){
			"heartbeat": c.beat,
			"motion":    func() (hubtest.Answer, error) { return c.motion("e-1", time.Now()) },
			"upload":    func() (hubtest.Answer, error) { return c.upload(frame(1, 160, 120)) },
			"commands":  func() (hubtest.Answer, error) { return c.poll(0) },
			"result": func() (hubtest.Answer, error) {
				return hubtest.Try(http.MethodPost, c.url+"/api/devices/"+c.id+"/commands/01890000-0000-7000-8000-000000000000/result",
					map[string]any{"status": "succeeded"}, c.bearer()...)
			},
			"switch": func() (hubtest.Answer, error) {
				return hubtest.Try(http.MethodPost, c.url+"/api/devices/"+c.id+"/privacy/switch", map[string]any{"locked": true, "generation": 1}, c.bearer()...)
			},
		}
		for name, call := range calls {
			if a, err := call(); err != nil || a.Status == http.StatusUnauthorized {
				t.Errorf("%s before it was revoked %s: %d %s %v", name, n, a.Status, a.Body, err)
			}
		}
		revoke(c.id)
		deadline := time.Now().Add(time.Second)
		for name, call := range calls {
			hubtest.Eventually(t, time.Until(deadline), name+" is refused after it was revoked "+n, func() bool {
				a, err := call()
				return err == nil && a.Status == http.StatusUnauthorized
			})
		}
		again, err := c.register()
		if err != nil {
			t.Fatal(err)
		}
		again.Want(t, http.StatusAccepted)
	}
}

func TestWaitingCameraHearsOfItsRevocation(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	op, c := h.operator(), h.newCamera(1).enrol(t)
	status := make(chan int, 1)
	go func() {
		a, _ := c.poll(30)
		status <- a.Status
	}()
	op.do(http.MethodPost, "/api/devices/"+c.id+"/revoke", nil).Want(t, http.StatusOK)
	select {
	case got := <-status:
		if got != http.StatusUnauthorized {
			t.Errorf("status %d, want 401", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("the poll of a revoked camera goes on")
	}
}

func TestTwoCamerasWithOneMACDoNotMeet(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"open", "key", "approve"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			env := []string{"NESTBOX_ENROLMENT=" + mode}
			if mode == "key" {
				env = append(env, "NESTBOX_ENROLMENT_KEY=the-key-of-the-house")
			}
			h := start(t, t.TempDir(), env...)
			first, second := h.newCamera(1), h.newCamera(1)
			second.secret = "another-secret-of-the-same-address-1"
			register := func(c *camera) hubtest.Answer {
				body := map[string]any{
					"device_id": c.id, "device_type": "esp32cam", "firmware_version": "1", "ip_address": "10.0.0.2",
					"capabilities": []string{}, "device_secret": c.secret,
				}
				if mode == "key" {
					body["enrolment_key"] = "the-key-of-the-house"
				}
				a := hubtest.Do(t, http.MethodPost, h.url+"/api/devices/register", body)
				if token, ok := a.JSON["token"].(string); ok {
					c.token = token
				}
				return a
			}
			if mode == "approve" {
				register(first).Want(t, http.StatusAccepted)
				mustRun(t, h.dir, "devices", "approve", first.id)
			}
			register(first).Want(t, http.StatusOK)
			if a := register(second).Want(t, http.StatusAccepted); second.token != "" {
				t.Fatalf("the second got a token: %s", a.Body)
			}
			if a, err := first.beat(); err != nil || a.Status != http.StatusOK {
				t.Errorf("the first noticed: %d %v", a.Status, err)
			}
			register(first).Want(t, http.StatusOK)

			// Approved, the second takes over and the first is out.
			mustRun(t, h.dir, "devices", "approve", second.id)
			register(second).Want(t, http.StatusOK)
			if a, err := second.beat(); err != nil || a.Status != http.StatusOK {
				t.Errorf("the second after approval: %d %v", a.Status, err)
			}
			if a, err := first.beat(); err != nil || a.Status != http.StatusUnauthorized {
				t.Errorf("the first after the second was approved: %d %v", a.Status, err)
			}
		})
	}
}
