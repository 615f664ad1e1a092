package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// arduino is the story's pi_client.cpp: the headers that its HTTPClient sends, byte for byte, and no field that the story
// does not have. HTTPClient compares the status with 200 and reads the body as Content-Length says.
type arduino struct {
	t         *testing.T
	host      string
	mac       string
	authToken string
}

func (a *arduino) post(path, contentType string, headers []string, body []byte) hubtest.Answer {
	a.t.Helper()
	c, err := net.DialTimeout("tcp", a.host, 5*time.Second)
	if err != nil {
		a.t.Fatal(err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		a.t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: ESP32HTTPClient\r\nConnection: keep-alive\r\n", path, a.host)
	b.WriteString("Accept-Encoding: identity;q=1,chunked;q=0.1,*;q=0\r\n")
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Type: %s\r\nContent-Length: %d\r\n\r\n", contentType, len(body))
	b.Write(body)
	if _, err := c.Write(b.Bytes()); err != nil {
		a.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := hubtest.Read(res)
	if err != nil {
		a.t.Fatal(err)
	}
	return out
}

// authorization is http.addHeader("Authorization", "Bearer " + authToken).
func (a *arduino) authorization() string { return "Authorization: Bearer " + a.authToken }

// registerWithPi keeps the token as StaticJsonDocument<256> would.
func (a *arduino) registerWithPi() hubtest.Answer {
	a.t.Helper()
	res := a.post("/api/devices/register", "application/json", nil, fmt.Appendf(nil,
		`{"device_id":%q,"device_type":"esp32cam","firmware_version":"1.0.0","ip_address":"192.168.1.77","capabilities":["camera","motion_detection"]}`, a.mac))
	if res.Status == http.StatusOK {
		if used := arduinoJSONCapacity(res.JSON); used > 256 {
			a.t.Errorf("the answer needs %d bytes of StaticJsonDocument<256>: %s", used, res.Body)
		}
		a.authToken, _ = res.JSON["token"].(string)
	}
	return res
}

func (a *arduino) sendHeartbeat() hubtest.Answer {
	a.t.Helper()
	return a.post("/api/heartbeat", "application/json", []string{a.authorization()},
		fmt.Appendf(nil, `{"device_id":%q,"uptime":61,"free_heap":153264,"rssi":-61,"camera_enabled":true}`, a.mac))
}

func (a *arduino) reportMotionToPi(at time.Time, score int) hubtest.Answer {
	a.t.Helper()
	return a.post("/api/events/motion", "application/json", []string{a.authorization()},
		fmt.Appendf(nil, `{"device_id":%q,"timestamp":%d,"motion_score":%d,"camera_enabled":true}`, a.mac, at.Unix(), score))
}

func (a *arduino) uploadImageToPi(frame []byte) hubtest.Answer {
	a.t.Helper()
	return a.post("/api/images/upload", "image/jpeg", []string{a.authorization(), "X-Device-ID: " + a.mac}, frame)
}

// arduinoJSONCapacity is what ArduinoJson 6 needs on a 32-bit chip to deserialise a flat object from a String: 16 bytes for
// each member (JSON_OBJECT_SIZE), and a copy of each key and of each string value with its final zero.
func arduinoJSONCapacity(object map[string]any) int {
	n := 16 * len(object)
	for k, v := range object {
		n += len(k) + 1
		if s, ok := v.(string); ok {
			n += len(s) + 1
		}
	}
	return n
}

func TestStoryClientWorksUnmodifiedAndAllIsThereAfterARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir, "NESTBOX_ENROLMENT=open")
	a := &arduino{t: t, host: strings.TrimPrefix(h.url, "http://"), mac: "24:6F:28:AA:BB:CC"}

	registered := a.registerWithPi().Want(t, http.StatusOK)
	if len(registered.JSON) != 2 || registered.JSON["status"] != "registered" || a.authToken == "" {
		t.Fatalf("register answered %s, want status and token alone", registered.Body)
	}
	if len(a.authToken) > 180 {
		t.Errorf("the token has %d characters, more than 180", len(a.authToken))
	}
	if got := a.sendHeartbeat().Want(t, http.StatusOK); got.JSON["status"] != "ok" {
		t.Errorf("heartbeat answered %s", got.Body)
	}
	at := time.Now().Truncate(time.Second)
	if got := a.reportMotionToPi(at, 42).Want(t, http.StatusOK); got.JSON["status"] != "received" {
		t.Errorf("motion answered %s", got.Body)
	}
	picture := frame(1, 320, 240)
	if got := a.uploadImageToPi(picture).Want(t, http.StatusOK); got.JSON["status"] != "stored" {
		t.Errorf("upload answered %s", got.Body)
	}
	op := h.operator()
	command := op.do(http.MethodPost, "/api/commands", map[string]any{"device_id": a.mac, "kind": "identify"}).Want(t, http.StatusCreated)

	h.stop()
	h = start(t, dir, "NESTBOX_ENROLMENT=open")
	a.host, op.url = strings.TrimPrefix(h.url, "http://"), h.url

	a.sendHeartbeat().Want(t, http.StatusOK) // the token survives
	events := op.all("/api/events", "events", "kind=motion")
	if len(events) != 1 || events[0]["device_id"] != a.mac || events[0]["motion_score"] != 42.0 {
		t.Fatalf("events %v", events)
	}
	if got, err := time.Parse(time.RFC3339, events[0]["occurred_at"].(string)); err != nil || !got.Equal(at) {
		t.Errorf("occurred at %v %v, want %v", got, err, at)
	}
	pictures := op.all("/api/pictures", "pictures", "")
	if len(pictures) != 1 {
		t.Fatalf("pictures %v", pictures)
	}
	if got := op.do(http.MethodGet, pictures[0]["image_url"].(string), nil).Want(t, http.StatusOK); !bytes.Equal(got.Body, picture) {
		t.Error("the picture is not the one that was sent")
	}
	c := &camera{url: h.url, id: a.mac, token: a.authToken}
	polled, err := c.poll(0)
	if err != nil {
		t.Fatal(err)
	}
	commands := polled.Want(t, http.StatusOK).JSON["commands"].([]any)
	if len(commands) != 1 || commands[0].(map[string]any)["command_id"] != command.JSON["command_id"] {
		t.Errorf("commands %s, want %s", polled.Body, command.Body)
	}
	devices := op.do(http.MethodGet, "/api/devices", nil).Want(t, http.StatusOK).JSON["devices"].([]any)
	if len(devices) != 1 || devices[0].(map[string]any)["device_id"] != a.mac {
		t.Errorf("devices %v", devices)
	}
}
