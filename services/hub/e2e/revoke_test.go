package e2e

import (
	"net/http"
	"testing"
	"time"
)

func TestRevokedCameraIsRefusedEverywhereWithinASecond(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	op := h.operator()
	for n, revoke := range map[string]func(id string){
		"by the API": func(id string) {
			op.do(http.MethodPost, "/api/devices/"+id+"/revoke", nil).want(t, http.StatusOK)
		},
		"by the command": func(id string) { mustRun(t, h.dir, "devices", "revoke", id) },
	} {
		c := h.newCamera(len(n)).enrol(t)
		calls := map[string]func() (answer, error){
			"heartbeat": c.beat,
			"motion":    func() (answer, error) { return c.motion("e-1", time.Now()) },
			"upload":    func() (answer, error) { return c.upload(frame(1, 160, 120)) },
			"commands":  func() (answer, error) { return c.poll(0) },
			"result": func() (answer, error) {
				return try(http.MethodPost, c.url+"/api/devices/"+c.id+"/commands/01890000-0000-7000-8000-000000000000/result",
					map[string]any{"status": "succeeded"}, c.bearer()...)
			},
			"switch": func() (answer, error) {
				return try(http.MethodPost, c.url+"/api/devices/"+c.id+"/privacy/switch", map[string]any{"locked": true, "generation": 1}, c.bearer()...)
			},
		}
		for name, call := range calls {
			if a, err := call(); err != nil || a.status == http.StatusUnauthorized {
				t.Errorf("%s before it was revoked %s: %d %s %v", name, n, a.status, a.body, err)
			}
		}
		revoke(c.id)
		deadline := time.Now().Add(time.Second)
		for name, call := range calls {
			eventually(t, time.Until(deadline), name+" is refused after it was revoked "+n, func() bool {
				a, err := call()
				return err == nil && a.status == http.StatusUnauthorized
			})
		}
		again, err := c.register()
		if err != nil {
			t.Fatal(err)
		}
		again.want(t, http.StatusAccepted)
	}
}

func TestWaitingCameraHearsOfItsRevocation(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	op, c := h.operator(), h.newCamera(1).enrol(t)
	status := make(chan int, 1)
	go func() {
		a, _ := c.poll(30)
		status <- a.status
	}()
	op.do(http.MethodPost, "/api/devices/"+c.id+"/revoke", nil).want(t, http.StatusOK)
	select {
	case got := <-status:
		if got != http.StatusUnauthorized {
			t.Errorf("status %d, want 401", got)
		}
	case <-time.After(2 * time.Second):
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
			register := func(c *camera) answer {
				body := map[string]any{
					"device_id": c.id, "device_type": "esp32cam", "firmware_version": "1", "ip_address": "10.0.0.2",
					"capabilities": []string{}, "device_secret": c.secret,
				}
				if mode == "key" {
					body["enrolment_key"] = "the-key-of-the-house"
				}
				a := do(t, http.MethodPost, h.url+"/api/devices/register", body)
				if token, ok := a.json["token"].(string); ok {
					c.token = token
				}
				return a
			}
			if mode == "approve" {
				register(first).want(t, http.StatusAccepted)
				mustRun(t, h.dir, "devices", "approve", first.id)
			}
			register(first).want(t, http.StatusOK)
			if a := register(second).want(t, http.StatusAccepted); second.token != "" {
				t.Fatalf("the second got a token: %s", a.body)
			}
			if a, err := first.beat(); err != nil || a.status != http.StatusOK {
				t.Errorf("the first noticed: %d %v", a.status, err)
			}
			register(first).want(t, http.StatusOK)

			// Approved, the second takes over and the first is out.
			mustRun(t, h.dir, "devices", "approve", second.id)
			register(second).want(t, http.StatusOK)
			if a, err := second.beat(); err != nil || a.status != http.StatusOK {
				t.Errorf("the second after approval: %d %v", a.status, err)
			}
			if a, err := first.beat(); err != nil || a.status != http.StatusUnauthorized {
				t.Errorf("the first after the second was approved: %d %v", a.status, err)
			}
		})
	}
}
