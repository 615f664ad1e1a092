package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"home.arpa/nestbox/services/registry"
)

// TestBadInput sends what no client should to every route that takes a body or
// an id. Each gets its 4xx, and nothing stays of it.
func TestBadInput(t *testing.T) {
	t.Parallel()
	w := setup(t, mode(registry.ModeOpen, ""))
	token := w.enrol(front)
	command := w.order(front, "identify")
	device := "/api/devices/" + front

	routes := []struct {
		method, path, token string
		good                string
		bad                 []string
	}{
		{"POST", "/api/devices/register", "", `{"device_id":"` + back + `"`, []string{
			`{}`, `{"device_id":null}`, `{"device_id":7}`, `{"device_id":""}`, `{"device_id":"AA:BB"}`, `{"device_id":"` + back + `:FF"}`,
			`{"device_id":"GG:BB:CC:DD:EE:FF"}`, `{"device_id":"AA:BB-CC:DD:EE:FF"}`, `{"device_id":"../../etc/pass"}`,
			`{"device_id":"` + strings.Repeat("A", 10_000) + `"}`,
			`{"device_id":"` + back + `","device_type":7}`, `{"device_id":"` + back + `","device_type":"` + strings.Repeat("x", 65) + `"}`,
			`{"device_id":"` + back + `","device_type":"a\nb"}`, `{"device_id":"` + back + `","ip_address":"not an address"}`,
			`{"device_id":"` + back + `","ip_address":"fe80::1%eth0"}`, `{"device_id":"` + back + `","capabilities":"camera"}`,
			`{"device_id":"` + back + `","capabilities":[7]}`, `{"device_id":"` + back + `","capabilities":[""]}`,
			`{"device_id":"` + back + `","capabilities":["` + strings.Repeat("x", 65) + `"]}`,
			`{"device_id":"` + back + `","capabilities":[` + strings.Repeat(`"c",`, 32) + `"c"]}`,
			`{"device_id":"` + back + `","device_secret":"short"}`, `{"device_id":"` + back + `","device_secret":"` + strings.Repeat("s", 129) + `"}`,
			`{"device_id":"` + back + `","device_secret":"` + strings.Repeat("é", 40) + `"}`,
			`{"device_id":"` + back + `","enrolment_key":"` + strings.Repeat("k", 129) + `"}`,
		}},
		{"POST", device + "/commands/" + command + "/result", token, `{"status":"succeeded"`, []string{
			`{}`, `{"status":"queued"}`, `{"status":"cancelled"}`, `{"status":1}`, `{"status":"failed","detail":7}`,
			`{"status":"failed","detail":"` + strings.Repeat("x", 501) + `"}`,
		}},
		{"POST", device + "/privacy/switch", token, `{"locked":true,"generation":1`, []string{
			`{}`, `{"locked":true}`, `{"generation":1}`, `{"locked":"yes","generation":1}`, `{"locked":true,"generation":1.5}`,
			`{"locked":true,"generation":-1}`, `{"locked":true,"generation":0}`, `{"locked":true,"generation":9223372036854775807}`,
			`{"locked":true,"generation":99999999999999999999}`,
		}},
		{"POST", "/api/login", "", `{"password":"nonsense"`, []string{`{}`, `{"password":null}`, `{"password":7}`, `{"username":7,"password":"x"}`}},
		{"POST", "/api/tokens", w.token, `{"name":"n"`, []string{
			`{}`, `{"name":""}`, `{"name":" n"}`, `{"name":"device"}`, `{"name":"` + strings.Repeat("n", 65) + `"}`, `{"name":"n","expires_in_days":0}`,
			`{"name":"n","expires_in_days":-1}`, `{"name":"n","expires_in_days":3651}`, `{"name":"n","expires_in_days":1e3}`,
			`{"name":"n","expires_in_days":9223372036854775807}`,
		}},
		{"PATCH", device, w.token, `{"name":"n"`, []string{
			`{}`, `{"name":7}`, `{"name":" n"}`, `{"name":"a\tb"}`, `{"name":"` + strings.Repeat("n", 65) + `"}`, `{"heartbeat_interval_seconds":9}`,
			`{"heartbeat_interval_seconds":3601}`, `{"heartbeat_interval_seconds":-30}`, `{"heartbeat_interval_seconds":30.5}`,
			`{"heartbeat_interval_seconds":"30"}`, `{"heartbeat_interval_seconds":9223372036854775807}`,
		}},
		{"POST", device + "/approve", w.token, `{"request_id":"x"`, []string{`{"request_id":7}`}},
		{"PUT", device + "/privacy", w.token, `{"locked":true`, []string{`{}`, `{"locked":null}`, `{"locked":1}`, `{"locked":"true"}`}},
		{"POST", "/api/commands", w.token, `{"device_id":"` + front + `","kind":"identify"`, []string{
			`{}`, `{"device_id":"` + front + `"}`, `{"device_id":"` + front + `","kind":"explode"}`, `{"device_id":"x","kind":"reboot"}`,
			`{"device_id":"` + front + `","kind":"set_privacy","parameters":{"locked":true,"generation":9}}`,
			`{"device_id":"` + front + `","kind":"set_config"}`, `{"device_id":"` + front + `","kind":"set_config","parameters":{}}`,
			`{"device_id":"` + front + `","kind":"set_config","parameters":{"frame_size":"8k"}}`,
			`{"device_id":"` + front + `","kind":"set_config","parameters":{"jpeg_quality":9}}`,
			`{"device_id":"` + front + `","kind":"set_config","parameters":{"motion_threshold":100.5}}`,
			`{"device_id":"` + front + `","kind":"set_config","parameters":{"name":"x"}}`,
			`{"device_id":"` + front + `","kind":"reboot","parameters":{"now":true}}`, `{"device_id":"` + front + `","kind":"reboot","parameters":[]}`,
			`{"device_id":"` + front + `","kind":"reboot","parameters":"x"}`, `{"device_id":"` + front + `","kind":"reboot","expires_in_seconds":4}`,
			`{"device_id":"` + front + `","kind":"reboot","expires_in_seconds":0}`, `{"device_id":"` + front + `","kind":"reboot","expires_in_seconds":604801}`,
			`{"device_id":"` + front + `","kind":"reboot","expires_in_seconds":9223372036854775807}`,
		}},
	}
	before := w.everything()
	for _, r := range routes {
		// What is wrong with any body, made of this route's good one.
		bad := append([]string{
			``, ` `, `null`, `7`, `"text"`, `[]`, `{`, r.good, r.good + `}x`, r.good + `}{}`, r.good + `,"x":NaN}`, r.good + ",\"x\":\"a\x00b\"}",
			r.good + `,"x":"a\u0000b"}`, r.good + `,"x":` + strings.Repeat("[", 50) + strings.Repeat("]", 50) + `}`, r.good + ",\"x\":\"\xff\"}",
			strings.Repeat("[", 10_000),
		}, r.bad...)
		for _, body := range bad {
			if r.path == device+"/approve" && body == "" {
				continue // its body is optional
			}
			if a := w.do(r.method, r.path, r.token, body); a.status != http.StatusBadRequest {
				t.Errorf("%s %s %.120q: %d %s", r.method, r.path, body, a.status, a.body)
			}
		}
		large := r.good + `,"x":"` + strings.Repeat("x", 20_000) + `"}`
		if a := w.do(r.method, r.path, r.token, large); a.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s %s with %d bytes: %d", r.method, r.path, len(large), a.status)
		}
	}
	if after := w.everything(); after != before {
		t.Errorf("bad input left something behind:\n%s\nbefore:\n%s", after, before)
	}
}

// everything is all that operators can see, as text.
func (w *world) everything() string {
	w.t.Helper()
	var all strings.Builder
	for _, path := range []string{"/api/devices", "/api/commands", "/api/tokens", "/api/audit"} {
		a := w.want(http.StatusOK, "GET", path, w.token, nil)
		fmt.Fprintf(&all, "%s %s\n", path, a.body)
	}
	return all.String()
}

func TestBadIDs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	for _, id := range []string{
		"x", "%00", "AA:BB:CC:DD:EE", "AA:BB:CC:DD:EE:FG", "AA:BB-CC:DD:EE:FF", "AABB:CCDD:EEFF", ".", "..", "..%2f..%2fetc",
		"%2e%2e", "AA:BB:CC:DD:EE:FF%00", "%FF%FE", strings.Repeat("A", 10_000), "'%20OR%201=1--", "A:ABB:CC:DD:EE:FF",
	} {
		for _, c := range []struct{ method, path, token string }{
			{"GET", "/api/devices/" + id, w.token},
			{"DELETE", "/api/devices/" + id, w.token},
			{"GET", "/api/devices/" + id + "/commands", token},
			{"GET", "/api/devices/" + front + "/commands/" + id + "/result", token},
			{"POST", "/api/devices/" + front + "/commands/" + id + "/result", token},
			{"GET", "/api/commands/" + id, w.token},
			{"DELETE", "/api/commands/" + id, w.token},
			{"DELETE", "/api/tokens/" + id, w.token},
			{"GET", "/api/commands?device_id=" + id, w.token},
			{"GET", "/api/commands?cursor=" + id, w.token},
			{"GET", "/api/audit?cursor=" + id, w.token},
			{"GET", "/api/commands?limit=" + id, w.token},
			{"GET", "/api/commands?state=" + id, w.token},
			{"GET", "/api/devices?status=" + id, w.token},
			{"GET", "/api/devices/" + front + "/commands?wait_s=" + id, token},
		} {
			a := w.do(c.method, c.path, c.token, map[string]any{"status": "failed"})
			if a.status < 400 || a.status > 499 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/problem+json") {
				t.Errorf("%s %.80s: %d %s", c.method, c.path, a.status, a.body)
			}
		}
	}
}

func FuzzRegister(f *testing.F) {
	for _, seed := range []string{
		`{"device_id":"24:6F:28:AA:BB:CC","device_type":"esp32cam","firmware_version":"1.0.0","ip_address":"192.168.1.50","capabilities":["camera"]}`,
		`{"device_id":"246f28aabbcc","device_secret":"0123456789abcdef0123456789abcdef","enrolment_key":"k"}`,
		`{"device_id":"24-6F-28-AA-BB-CC","boot_id":7}`, `{}`, `[]`, `{"device_id":"\u0000"}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	w := setup(f, mode(registry.ModeKey, siteKey))
	f.Fuzz(func(t *testing.T, body []byte) {
		w := w.in(t)
		a := w.do("POST", "/api/devices/register", "", string(body))
		switch a.status {
		case 200, 202, 400, 403, 413, 429:
		default:
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
		if a.status == http.StatusOK || a.status == http.StatusAccepted {
			_ = a.json(t)
		}
	})
}
