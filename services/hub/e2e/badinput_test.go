package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/hubtest"
)

// bad is one request that must be refused.
type bad struct {
	name, method, path string
	body               any // nil, []byte, io.Reader or JSON
	headers            []string
	status             []int // any of them
	within             time.Duration
}

const (
	quick    = 2 * time.Second
	badEvent = `{"device_id":"24:6F:28:00:00:01","timestamp":%s,"motion_score":%s,"camera_enabled":true}`
)

// zeros is a body of n bytes that is never held in memory.
func zeros(n int64) io.Reader { return io.LimitReader(zeroReader{}, n) }

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func jsonRoutes(id string) []string {
	return []string{
		"/api/devices/register", "/api/heartbeat", "/api/events/motion", "/api/login",
		"/api/devices/" + id + "/commands/01890000-0000-7000-8000-000000000000/result", "/api/devices/" + id + "/privacy/switch",
	}
}

// badBodies are wrong for every route that takes JSON.
func badBodies(route string, json []string) []bad {
	cases := map[string]any{
		"empty":          []byte{},
		"no JSON":        []byte("hello"),
		"cut JSON":       []byte(`{"device_id":"24:6F`),
		"null":           []byte("null"),
		"array":          []byte("[]"),
		"number":         []byte("1e999"),
		"two values":     []byte("{}{}"),
		"deep":           []byte(strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000)),
		"deep array":     []byte(`{"device_id":` + strings.Repeat("[", 100000)),
		"NUL byte":       []byte("{\"device_id\":\"24:6F:28:00:00:01\x00\"}"),
		"NUL escape":     []byte(`{"device_id":"24:6F:28:00:00:01\u0000"}`),
		"wrong types":    []byte(`{"device_id":1,"device_secret":[],"uptime":"x","timestamp":{},"password":7,"status":1,"locked":"yes"}`),
		"no UTF-8":       []byte("{\"device_id\":\"\xff\xfe\"}"),
		"NaN":            []byte(`{"device_id":"24:6F:28:00:00:01","uptime":NaN,"timestamp":NaN,"motion_score":NaN,"password":NaN}`),
		"path as id":     []byte(`{"device_id":"../../etc/passwd"}`),
		"long id":        []byte(`{"device_id":"` + strings.Repeat("A", 10000) + `"}`),
		"missing fields": []byte(`{}`),
	}
	if route == "/api/heartbeat" {
		delete(cases, "missing fields") // the token says who is alive; nothing else is needed
	}
	var out []bad
	for name, body := range cases {
		out = append(out, bad{name + " to " + route, http.MethodPost, route, body, json, []int{400, 403, 413, 422}, quick})
	}
	return append(out,
		bad{"100 MB declared to " + route, http.MethodPost, route, sized{zeros(100 << 20), 100 << 20}, json, []int{413}, quick},
		bad{"100 MB chunked to " + route, http.MethodPost, route, zeros(100 << 20), json, []int{413}, quick},
		bad{"not JSON by its type to " + route, http.MethodPost, route, []byte("a=b"), replace(json, "text/plain"), []int{415}, quick},
	)
}

func replace(headers []string, contentType string) []string {
	out := slices.Clone(headers)
	out[1] = contentType
	return out
}

// sized is a body whose length is declared.
type sized struct {
	io.Reader
	length int64
}

func TestBadInputIsRefusedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir, "NESTBOX_ENROLMENT=open")
	op, c := h.operator(), h.newCamera(1).enrol(t)
	auth := append([]string{"Content-Type", "application/json"}, c.bearer()...)

	var cases []bad
	for _, route := range jsonRoutes(c.id) {
		cases = append(cases, badBodies(route, auth)...)
	}
	cases = append(cases, badEvents(auth)...)
	cases = append(cases, badPictures(c)...)
	cases = append(cases, badPaths(c, op)...)
	elsewhere := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open").newCamera(1).enrol(t)
	cases = append(cases, badTokens(c, elsewhere.token)...)

	before, files := op.everything(), pictureFiles(t, dir)
	for _, tt := range cases {
		begin := time.Now()
		a := send(t, h.url, tt)
		if took := time.Since(begin); took > tt.within && !raceEnabled {
			t.Errorf("%s: took %v, limit %v", tt.name, took, tt.within)
		}
		if !slices.Contains(tt.status, a.Status) {
			t.Errorf("%s: status %d, want one of %v: %.200s", tt.name, a.Status, tt.status, a.Body)
			continue
		}
		if a.Header.Get("Content-Type") != "application/problem+json" || len(a.Text("detail")) < 10 {
			t.Errorf("%s: no problem document with a sentence: %s %.200s", tt.name, a.Header.Get("Content-Type"), a.Body)
		}
	}
	if after := op.everything(); after != before {
		t.Errorf("bad input left rows:\n%s\nbefore:\n%s", after, before)
	}
	if after := pictureFiles(t, dir); !slices.Equal(after, files) {
		t.Errorf("bad input left files: %v", after)
	}
	if a, err := c.beat(); err != nil || a.Status != http.StatusOK {
		t.Errorf("the camera cannot beat any more: %d %v", a.Status, err)
	}
}

// send is do with a length where one is declared. A hub that answers before it read a large body may close the connection
// under our writing; only then the request is sent again with the headers alone.
func send(t *testing.T, base string, tt bad) hubtest.Answer {
	t.Helper()
	var body io.Reader
	length := int64(-1)
	switch b := tt.body.(type) {
	case nil:
		length = 0
	case []byte:
		body, length = bytes.NewReader(b), int64(len(b))
	case sized:
		body, length = b.Reader, b.length
	case io.Reader:
		body = b
	}
	a, err := exchange(base, tt, body, length)
	if err != nil {
		t.Fatalf("%s: %v", tt.name, err)
	}
	return a
}

// everything is a picture of all that the API lists, to compare.
func (o *operator) everything() string {
	o.t.Helper()
	var out strings.Builder
	fmt.Fprintln(&out, o.all("/api/events", "events", ""), o.all("/api/pictures", "pictures", ""), o.all("/api/commands", "commands", ""))
	for _, d := range o.do(http.MethodGet, "/api/devices", nil).Want(o.t, http.StatusOK).JSON["devices"].([]any) {
		row := d.(map[string]any)
		fmt.Fprintln(&out, row["device_id"], row["name"], row["status"], row["privacy"])
	}
	return out.String()
}

// pictureFiles lists all files below the folder of the pictures.
func pictureFiles(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	root := datadir.Path(dir).In(datadir.Pictures)
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return out
}

func badEvents(auth []string) []bad {
	var out []bad
	for name, fields := range map[string][2]string{
		"1970": {"12", "50"}, "2100": {"4102444800", "50"}, "negative": {"-5", "50"}, "far": {"1e300", "50"},
		"text": {`"now"`, "50"}, "score NaN": {"1700000000", "NaN"}, "score 101": {"1700000000", "101"},
		"score -1": {"1700000000", "-1"}, "score text": {"1700000000", `"50"`}, "score infinite": {"1700000000", "1e999"},
	} {
		out = append(out, bad{"motion at " + name, http.MethodPost, "/api/events/motion", fmt.Appendf(nil, badEvent, fields[0], fields[1]), auth, []int{400}, quick})
	}
	for name, extra := range map[string]string{
		"event id with a path": `"event_id":"../x"`, "event id of 10,000": `"event_id":"` + strings.Repeat("e", 10000) + `"`,
		"empty event id": `"event_id":""`, "boot id with a NUL": `"boot_id":"a\u0000"`, "monotonic below zero": `"boot_id":"b","monotonic_ms":-1`,
		"unknown clock": `"clock_quality":"atomic"`,
	} {
		body := []byte(`{"device_id":"24:6F:28:00:00:01","timestamp":12,"motion_score":1,"camera_enabled":true,` + extra + `}`)
		out = append(out, bad{name, http.MethodPost, "/api/events/motion", body, auth, []int{400, 413}, quick})
	}
	return append(out, bad{
		"event of another device", http.MethodPost, "/api/events/motion",
		[]byte(`{"device_id":"24:6F:28:00:00:99","timestamp":1790000000,"motion_score":1,"camera_enabled":true}`), auth, []int{403}, quick,
	})
}

func badPictures(c *camera) []bad {
	headers := func(more ...string) []string {
		return append(append([]string{"Content-Type", "image/jpeg", "X-Device-ID", c.id}, c.bearer()...), more...)
	}
	const path = "/api/images/upload"
	whole := frame(7, 160, 120)
	out := []bad{
		{"empty picture", http.MethodPost, path, []byte{}, headers(), []int{400, 415, 422}, quick},
		{"PNG", http.MethodPost, path, append([]byte("\x89PNG\r\n\x1a\n"), whole...), headers(), []int{415}, quick},
		{"PNG by its type", http.MethodPost, path, whole, append(headers()[2:], "Content-Type", "image/png"), []int{415}, quick},
		{"GIF with the tail of a JPEG", http.MethodPost, path, append([]byte("GIF89a"), whole...), headers(), []int{415}, quick},
		{"only markers", http.MethodPost, path, []byte{0xff, 0xd8, 0xff, 0xd9}, headers(), []int{422}, quick},
		{"100 MB declared", http.MethodPost, path, sized{zeros(100 << 20), 100 << 20}, headers(), []int{413}, quick},
		{"100 MB of a JPEG, chunked", http.MethodPost, path, io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), zeros(100<<20)), headers(), []int{413, 422}, 10 * time.Second},
		{"bytes after the end", http.MethodPost, path, append(slices.Clone(whole), "trailer"...), headers(), []int{422}, quick},
		{"digest of something else", http.MethodPost, path, whole, headers("Content-Digest", "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"), []int{422}, quick},
		{"digest that is none", http.MethodPost, path, whole, headers("Content-Digest", "sha-256=hello"), []int{400, 422}, quick},
		{"picture of another device", http.MethodPost, path, whole, append(headers(), "X-Device-ID", "24:6F:28:00:00:99"), []int{403}, quick},
		{"device id with a path", http.MethodPost, path, whole, append(headers(), "X-Device-ID", "../../../etc/passwd"), []int{400, 403}, quick},
		{"device id of 10,000", http.MethodPost, path, whole, append(headers(), "X-Device-ID", strings.Repeat("A", 10000)), []int{400, 403}, quick},
		{"event id with a path", http.MethodPost, path, whole, headers("X-Event-ID", "../../x"), []int{400}, quick},
		{"frame from yesterday's yesterday", http.MethodPost, path, whole, headers("X-Frame-Age-Ms", "200000000"), []int{400}, quick},
		{"frame from the future", http.MethodPost, path, whole, headers("X-Frame-Age-Ms", "-1"), []int{400}, quick},
	}
	for cut := 1; cut < len(whole); cut += 1 + len(whole)/60 {
		out = append(out, bad{fmt.Sprintf("JPEG cut at %d of %d", cut, len(whole)), http.MethodPost, path, whole[:cut], headers(), []int{415, 422}, quick})
	}
	out = append(out, bad{"JPEG without its last byte", http.MethodPost, path, whole[:len(whole)-1], headers(), []int{422}, quick})
	return out
}

// badPaths are ids in the path that no handler may take for a file or a row.
func badPaths(c *camera, op *operator) []bad {
	var out []bad
	operatorAuth := []string{"Authorization", "Bearer " + op.token}
	for name, id := range map[string]string{
		"dots": "..%2f..%2fetc%2fpasswd", "plain dots": "../../etc/passwd", "backslashes": `..\..\x`, "NUL": "a%00b",
		"10,000 characters": strings.Repeat("a", 10000), "encoded slash": "a%2fb", "quote": "'%20OR%201=1--", "no UTF-8": "%ff%fe",
		"another form of a UUID": "01890000000070008000000000000000",
	} {
		for _, route := range []string{"/api/pictures/%s", "/api/pictures/%s/image", "/api/pictures/%s/thumbnail", "/api/devices/%s", "/api/presence/%s", "/api/commands/%s"} {
			out = append(out, bad{name + " in " + route, http.MethodGet, fmt.Sprintf(route, id), nil, operatorAuth, []int{400, 404}, quick})
		}
		out = append(out,
			bad{name + " in the poll", http.MethodGet, fmt.Sprintf("/api/devices/%s/commands?wait_s=0", id), nil, c.bearer(), []int{400, 403, 404}, quick},
			bad{name + " deletes a picture", http.MethodDelete, "/api/pictures/" + id, nil, operatorAuth, []int{400, 404}, quick},
			bad{name + " deletes a device", http.MethodDelete, "/api/devices/" + id, nil, operatorAuth, []int{400, 404}, quick},
		)
	}
	for _, query := range []string{
		"/api/events?cursor=%00", "/api/events?cursor=../..", "/api/events?limit=0", "/api/events?limit=9999999", "/api/events?limit=x",
		"/api/events?from=yesterday", "/api/events?device_id=" + strings.Repeat("A", 10000), "/api/pictures?cursor=AAAA", "/api/pictures?pinned=perhaps",
		"/api/commands?state=lost", "/api/audit?cursor=" + url.QueryEscape("'; DROP TABLE device"), "/api/devices?status=lost",
	} {
		out = append(out, bad{query[:min(60, len(query))], http.MethodGet, query, nil, operatorAuth, []int{400}, quick})
	}
	for _, wait := range []string{"51", "-1", "x", "1e3", "NaN"} {
		out = append(out, bad{"wait_s=" + wait, http.MethodGet, "/api/devices/" + c.id + "/commands?wait_s=" + wait, nil, c.bearer(), []int{400}, quick})
	}
	return append(out,
		bad{"unknown route", http.MethodGet, "/api/nothing", nil, operatorAuth, []int{404}, quick},
		bad{"wrong method", http.MethodDelete, "/api/heartbeat", nil, operatorAuth, []int{405}, quick},
	)
}

// badTokens are credentials that are not those of this camera.
// foreign is the token that another hub gave the same camera.
func badTokens(c *camera, foreign string) []bad {
	parts := strings.Split(c.token, ".")
	none := "eyJhbGciOiJub25lIn0." + parts[1] + "."
	forged := parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2]))
	var out []bad
	for name, value := range map[string]string{
		"no token": "", "not Bearer": "Basic YTpi", "rubbish": "Bearer rubbish", "alg none": "Bearer " + none, "forged": "Bearer " + forged,
		"cut": "Bearer " + c.token[:len(c.token)-2], "long": "Bearer " + strings.Repeat("A", 9000), "an operator's kind": "Bearer nbx_" + strings.Repeat("A", 43),
		"foreign": "Bearer " + foreign,
	} {
		for _, route := range []string{"/api/heartbeat", "/api/events/motion", "/api/images/upload", "/api/devices/" + c.id + "/privacy/switch"} {
			headers := []string{"Content-Type", "application/json", "X-Device-ID", c.id, "Authorization", value}
			if value == "" {
				headers = headers[:4]
			}
			out = append(out, bad{name + " to " + route, http.MethodPost, route, []byte(`{"device_id":"` + c.id + `"}`), headers, []int{401}, quick})
		}
	}
	return out
}
