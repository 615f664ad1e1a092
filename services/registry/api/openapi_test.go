package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
	"home.arpa/nestbox/services/registry"
)

// TestEveryRouteFitsTheDocument lets each route answer with success and with its
// usual refusals, and holds all answers to openapi.yaml.
func TestEveryRouteFitsTheDocument(t *testing.T) {
	t.Parallel()
	w := setup(t, mode(registry.ModeApprove, ""))
	checker := openapitest.New(t)
	do := func(status int, method, path, token string, body any) answer {
		t.Helper()
		rec := checker.Do(t, w.engine, newRequest(t, method, path, token, body))
		if rec.Code != status {
			t.Fatalf("%s %s: %d %s, want %d", method, path, rec.Code, rec.Body, status)
		}
		return answer{rec.Code, rec.Header(), rec.Body.Bytes()}
	}
	type m = map[string]any
	op, device := w.token, "/api/devices/"+front

	do(202, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
	do(403, "POST", "/api/devices/register", "", storyRegistration(front))
	do(400, "POST", "/api/devices/register", "", m{"device_id": "x"})
	do(413, "POST", "/api/devices/register", "", m{"device_id": front, "x": string(make([]byte, 40_000))})
	waiting := do(200, "GET", device, op, nil).json(t)["reenrolment"].(m)["request_id"]
	do(409, "POST", device+"/approve", op, m{"request_id": registry.NewID()})
	do(200, "POST", device+"/approve", op, m{"request_id": waiting})
	token := fmt.Sprint(do(200, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front))).json(t)["token"])
	do(202, "POST", "/api/devices/register", "", registrationOf(front, secretOf("another")))

	do(200, "GET", "/api/devices", op, nil)
	do(200, "GET", "/api/devices?status=pending", op, nil)
	do(400, "GET", "/api/devices?status=lost", op, nil)
	do(404, "GET", "/api/devices/"+back, op, nil)
	do(200, "PATCH", device, op, m{"name": "Front door", "heartbeat_interval_seconds": 30})
	do(200, "PATCH", device, op, `{"heartbeat_interval_seconds":null}`)
	do(400, "PATCH", device, op, m{"heartbeat_interval_seconds": 5})

	do(200, "PUT", device+"/privacy", op, m{"locked": true})
	handed := do(200, "GET", device+"/commands", token, nil).json(t)["commands"].([]any)
	result := device + "/commands/" + fmt.Sprint(handed[0].(m)["command_id"]) + "/result"
	do(200, "POST", result, token, m{"status": "succeeded", "detail": "locked"})
	do(200, "POST", result, token, m{"status": "succeeded"})
	do(409, "POST", result, token, m{"status": "failed"})
	do(404, "POST", device+"/commands/"+registry.NewID()+"/result", token, m{"status": "failed"})
	do(204, "GET", device+"/commands?wait_s=0", token, nil)
	do(400, "GET", device+"/commands?wait_s=51", token, nil)
	do(401, "GET", device+"/commands", "", nil)
	do(403, "GET", "/api/devices/"+back+"/commands", token, nil)
	do(200, "POST", device+"/privacy/switch", token, m{"locked": false, "generation": 2})
	do(409, "POST", device+"/privacy/switch", token, m{"locked": false, "generation": 1})

	id := fmt.Sprint(do(201, "POST", "/api/commands", op, m{"device_id": front, "kind": "set_config",
		"parameters": m{"frame_size": "svga", "motion_threshold": 12.5}}).json(t)["command_id"])
	do(400, "POST", "/api/commands", op, m{"device_id": front, "kind": "set_privacy"})
	do(404, "POST", "/api/commands", op, m{"device_id": back, "kind": "identify"})
	do(200, "GET", "/api/commands?device_id="+front+"&state=queued&limit=1", op, nil)
	page := do(200, "GET", "/api/commands?limit=1", op, nil).json(t)
	do(200, "GET", fmt.Sprintf("/api/commands?limit=1&cursor=%v", page["next_cursor"]), op, nil)
	do(400, "GET", "/api/commands?cursor=nonsense", op, nil)
	do(200, "GET", "/api/commands/"+id, op, nil)
	do(200, "DELETE", "/api/commands/"+id, op, nil)
	do(409, "DELETE", "/api/commands/"+fmt.Sprint(handed[0].(m)["command_id"]), op, nil)
	do(404, "GET", "/api/commands/nonsense", op, nil)

	do(200, "POST", device+"/revoke", op, nil)
	do(401, "GET", device+"/commands", token, nil)
	do(204, "DELETE", device, op, nil)
	do(404, "DELETE", device, op, nil)

	do(401, "POST", "/api/login", "", m{"password": "wrong password"})
	login := do(200, "POST", "/api/login", "", m{"username": "admin", "password": adminPassword})
	session := func(method, path string, body any) *http.Request {
		r := newRequest(t, method, path, "", body)
		for _, c := range (&http.Response{Header: login.header}).Cookies() {
			r.AddCookie(c)
		}
		return r
	}
	for _, c := range []struct {
		status       int
		method, path string
		body         any
	}{
		{200, "GET", "/api/session", nil},
		{403, "PUT", "/api/session/password", m{"current": "no", "new": "staple correct horse"}},
		{400, "PUT", "/api/session/password", m{"current": adminPassword, "new": "short"}},
		{204, "PUT", "/api/session/password", m{"current": adminPassword, "new": "staple correct horse"}},
		{204, "POST", "/api/logout", nil},
		{401, "GET", "/api/session", nil},
	} {
		if rec := checker.Do(t, w.engine, session(c.method, c.path, c.body)); rec.Code != c.status {
			t.Fatalf("%s %s: %d %s, want %d", c.method, c.path, rec.Code, rec.Body, c.status)
		}
	}
	do(200, "GET", "/api/session", op, nil)
	do(403, "POST", "/api/logout", op, nil)

	made := do(201, "POST", "/api/tokens", op, m{"name": "backup", "expires_in_days": 365}).json(t)
	do(201, "POST", "/api/tokens", op, m{"name": "for ever"})
	do(400, "POST", "/api/tokens", op, m{"name": "admin"})
	do(200, "GET", "/api/tokens", op, nil)
	do(204, "DELETE", "/api/tokens/"+fmt.Sprint(made["token_id"]), op, nil)
	do(404, "DELETE", "/api/tokens/"+fmt.Sprint(made["token_id"]), op, nil)
	do(200, "GET", "/api/audit?limit=3", op, nil)
	do(200, "GET", "/api/openapi.yaml", "", nil)
	do(404, "GET", "/api/nothing", "", nil)
	do(405, "PUT", "/api/login", "", nil)

	checker.RequireAll(t, w.engine.Routes())
}
