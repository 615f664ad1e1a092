package harness

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// Operator speaks the operator API. What fails ends the test.
type Operator struct {
	URL string

	t     *testing.T
	token string
}

// Privacy is what the hub wants of a camera and what the camera says that it obeys.
type Privacy struct {
	Locked         bool
	Generation     int
	Acknowledged   int        `json:"acknowledged_generation"`
	AcknowledgedAt *time.Time `json:"acknowledged_at"`
	ChangedBy      *string    `json:"changed_by"`
}

// Device is a camera as the hub knows it.
type Device struct {
	ID               string     `json:"device_id"`
	Status           string     // pending, approved, revoked
	Heartbeat        *int       `json:"heartbeat_interval_seconds"`
	LastRegisteredAt *time.Time `json:"last_registered_at"`
	Privacy          Privacy
	Reenrolment      json.RawMessage // null while nobody else claims to be this camera
}

// Event is one line of the hub's history.
type Event struct {
	ID            string    `json:"event_id"`
	DeviceID      string    `json:"device_id"`
	Kind          string    // motion, presence, boot, queue_overflow
	OccurredAt    time.Time `json:"occurred_at"`
	ReceivedAt    time.Time `json:"received_at"`
	Clock         string
	BootID        string `json:"boot_id"`
	MonotonicMS   int64  `json:"monotonic_ms"`
	CameraEnabled *bool  `json:"camera_enabled"`
	Detail        map[string]any
}

// Picture is the record of a stored picture.
type Picture struct {
	ID         string    `json:"picture_id"`
	DeviceID   string    `json:"device_id"`
	EventID    *string   `json:"event_id"`
	SHA256     string    `json:"sha256"` // of the bytes, hexadecimal
	CapturedAt time.Time `json:"captured_at"`
	ReceivedAt time.Time `json:"received_at"`
	Width      int
	ImageURL   string `json:"image_url"`
}

// Command is an order to a camera.
type Command struct {
	ID     string `json:"command_id"`
	State  string // queued, delivered, succeeded, failed, expired, cancelled
	Detail string
}

// Presence is whether a camera is there, and its last heartbeat.
type Presence struct {
	State      string     // online, late, offline, asleep
	Since      *time.Time // when it came into this state
	LastSeenAt *time.Time `json:"last_seen_at"`
	Reading    *struct {
		BootID        string `json:"boot_id"`
		MonotonicMS   int64  `json:"monotonic_ms"`
		ResetReason   string `json:"reset_reason"`
		CameraEnabled bool   `json:"camera_enabled"`
		QueueDepth    int    `json:"queue_depth"`
	}
}

var client = &http.Client{Timeout: 20 * time.Second}

func (o *Operator) login(password string) {
	o.t.Helper()
	res, err := client.Post(o.URL+"/api/login", "application/json", strings.NewReader(`{"password":"`+password+`"}`))
	if err != nil {
		o.t.Fatal(err)
	}
	defer res.Body.Close()
	cookie, err := http.ParseSetCookie(res.Header.Get("Set-Cookie"))
	if err != nil {
		o.t.Fatalf("log in: %s: %v", res.Status, err)
	}
	var made struct{ Token string }
	o.send(http.MethodPost, "/api/tokens", map[string]any{"name": "integration"}, &made, "Cookie", cookie.Name+"="+cookie.Value)
	o.token = made.Token
}

// send gives the answer's status and, when that is 2xx, decodes into out unless it is nil. What only reads is asked again while the
// hub, or the ingress before it, says that a part of it is away.
func (o *Operator) send(method, path string, in, out any, header, value string) int {
	o.t.Helper()
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			o.t.Fatal(err)
		}
	}
	var status int
	var text []byte
	Until(o.t, method+" "+path+" is answered", soonAgain, func() bool {
		var err error
		status, text, err = o.exchange(method, path, body, header, value)
		if method == http.MethodGet {
			return err == nil && !isAway(status)
		}
		if err != nil {
			o.t.Fatal(err)
		}
		return true
	})
	if status/100 != 2 {
		if status != http.StatusNotFound {
			o.t.Fatalf("%s %s: %d: %s", method, path, status, text)
		}
		return status
	}
	switch raw := out.(type) {
	case nil:
	case *[]byte:
		*raw = text
	default:
		if err := json.Unmarshal(text, out); err != nil {
			o.t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
	return status
}

// soonAgain is how long a part of the hub may be away without a test that is not about it noticing: 200 cameras that start take two cores
// for a minute or two, and Redis answers too late meanwhile.
const soonAgain = 3 * time.Minute

func isAway(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

// exchange is one request. Without an error there is a status, and the whole of the answer's body.
func (o *Operator) exchange(method, path string, body []byte, header, value string) (status int, text []byte, err error) {
	o.t.Helper()
	req, err := http.NewRequestWithContext(o.t.Context(), method, o.URL+path, bytes.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(header, value)
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	text, err = io.ReadAll(res.Body)
	return res.StatusCode, text, err
}

func (o *Operator) do(method, path string, in, out any) {
	o.t.Helper()
	if status := o.send(method, path, in, out, "Authorization", "Bearer "+o.token); status/100 != 2 {
		o.t.Fatalf("%s %s: %d", method, path, status)
	}
}

// find is do for what may not be there: then out stays as it is.
func (o *Operator) find(path string, out any) {
	o.t.Helper()
	_ = o.send(http.MethodGet, path, nil, out, "Authorization", "Bearer "+o.token)
}

// Device gives a camera; its zero value when the hub has never heard of it.
func (o *Operator) Device(id string) (d Device) {
	o.t.Helper()
	o.find("/api/devices/"+id, &d)
	return d
}

// Approve lets a camera in.
func (o *Operator) Approve(id string) {
	o.t.Helper()
	o.do(http.MethodPost, "/api/devices/"+id+"/approve", map[string]any{}, nil)
}

// Revoke throws a camera out.
func (o *Operator) Revoke(id string) {
	o.t.Helper()
	o.do(http.MethodPost, "/api/devices/"+id+"/revoke", nil, nil)
}

// SetPrivacy says whether a camera may look.
func (o *Operator) SetPrivacy(id string, locked bool) {
	o.t.Helper()
	o.do(http.MethodPut, "/api/devices/"+id+"/privacy", map[string]any{"locked": locked}, nil)
}

// Presence gives a camera's; its zero value when it has never beaten.
func (o *Operator) Presence(id string) (p Presence) {
	o.t.Helper()
	o.find("/api/presence/"+id, &p)
	return p
}

// Send queues a command. parameters may be nil.
func (o *Operator) Send(id, kind string, parameters map[string]any) Command {
	o.t.Helper()
	in := map[string]any{"device_id": id, "kind": kind}
	if parameters != nil {
		in["parameters"] = parameters
	}
	var c Command
	o.do(http.MethodPost, "/api/commands", in, &c)
	return c
}

// Order sends a command and waits until it succeeded.
func (o *Operator) Order(id, kind string, parameters map[string]any) Command {
	o.t.Helper()
	c := o.AwaitEnd(o.Send(id, kind, parameters))
	if c.State != "succeeded" {
		o.t.Fatalf("%s %s: %s", kind, c.State, c.Detail)
	}
	return c
}

// AwaitEnd waits for the command's final state.
func (o *Operator) AwaitEnd(c Command) Command {
	o.t.Helper()
	Until(o.t, "the command ends", time.Minute, func() bool {
		o.do(http.MethodGet, "/api/commands/"+c.ID, nil, &c)
		return c.State != "queued" && c.State != "delivered"
	})
	return c
}

// Events gives all events of a kind, newest first; of every camera when the id is empty.
func (o *Operator) Events(id, kind string) []Event {
	o.t.Helper()
	return all[Event](o, "/api/events?kind="+kind+"&", "events", id)
}

// Pictures gives all pictures, newest first; of every camera when the id is empty.
func (o *Operator) Pictures(id string) []Picture {
	o.t.Helper()
	return all[Picture](o, "/api/pictures?", "pictures", id)
}

// Online is how many cameras have beaten since a time and are online.
func (o *Operator) Online(since time.Time) (n int) {
	o.t.Helper()
	var list struct{ Presence []Presence }
	o.do(http.MethodGet, "/api/presence", nil, &list)
	for _, p := range list.Presence {
		if p.State == "online" && p.LastSeenAt != nil && p.LastSeenAt.After(since) {
			n++
		}
	}
	return n
}

// AwaitServing waits until all three services answer an operator, after some of the system was away.
func (o *Operator) AwaitServing() {
	o.t.Helper()
	for _, path := range []string{"/api/devices?limit=1", "/api/presence", "/api/pictures?limit=1"} {
		o.do(http.MethodGet, path, nil, nil)
	}
}

// Image gives a picture's bytes.
func (o *Operator) Image(p Picture) (jpeg []byte) {
	o.t.Helper()
	o.do(http.MethodGet, p.ImageURL, nil, &jpeg)
	return jpeg
}

// ImageAsSent is Image for a hub that may break off: what came of the picture until then.
func (o *Operator) ImageAsSent(p Picture) (jpeg []byte) {
	o.t.Helper()
	Until(o.t, "picture "+p.ID+" is answered", soonAgain, func() bool {
		status, some, err := o.exchange(http.MethodGet, p.ImageURL, nil, "Authorization", "Bearer "+o.token)
		if isAway(status) || status == 0 {
			return false
		}
		if err != nil || status != http.StatusOK {
			o.t.Logf("picture %s: %d: %d bytes, then %v", p.ID, status, len(some), err)
		}
		jpeg = some
		return true
	})
	return jpeg
}

// all walks a list through its pages.
func all[T any](o *Operator, path, key, id string) (out []T) {
	o.t.Helper()
	of := ""
	if id != "" {
		of = "&device_id=" + id
	}
	for cursor := ""; ; {
		var page map[string]json.RawMessage
		o.do(http.MethodGet, path+"limit=500"+of+cursor, nil, &page)
		var rows []T
		var next *string
		if err := json.Unmarshal(page[key], &rows); err != nil {
			o.t.Fatal(err)
		}
		if err := json.Unmarshal(page["next_cursor"], &next); err != nil {
			o.t.Fatal(err)
		}
		out = append(out, rows...)
		if next == nil {
			return out
		}
		cursor = "&cursor=" + url.QueryEscape(*next)
	}
}
