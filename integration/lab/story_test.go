package lab

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// storyClient is the story's pi_client.cpp: its paths, its headers, its fields and no other. It takes only 200 for a success.
type storyClient struct {
	url, mac, token string
}

func newStoryClient(lab *harness.Lab) *storyClient {
	var tail [3]byte
	_, _ = rand.Read(tail[:]) // never fails
	return &storyClient{url: lab.CameraURL, mac: fmt.Sprintf("24:6F:28:%02X:%02X:%02X", tail[0], tail[1], tail[2])}
}

type answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// field is a text in the answer's JSON.
func (a answer) field(name string) string {
	var object map[string]any
	_ = json.Unmarshal(a.Body, &object) // what is no object has no field
	text, _ := object[name].(string)
	return text
}

func (c *storyClient) post(t *testing.T, path, contentType string, body []byte) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if contentType == "image/jpeg" {
		req.Header.Set("X-Device-ID", c.mac)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{Status: res.StatusCode, Header: res.Header}
	if a.Body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return a
}

func (c *storyClient) register(t *testing.T) answer {
	t.Helper()
	a := c.post(t, "/api/devices/register", "application/json", fmt.Appendf(nil, `{"device_id":%q,"device_type":"esp32cam",`+
		`"firmware_version":"1.0.0","ip_address":"192.168.1.77","capabilities":["camera","motion_detection"]}`, c.mac))
	c.token = a.field("token")
	return a
}

func (c *storyClient) heartbeat(t *testing.T) answer {
	t.Helper()
	return c.post(t, "/api/heartbeat", "application/json",
		fmt.Appendf(nil, `{"device_id":%q,"uptime":61,"free_heap":153264,"rssi":-61,"camera_enabled":true}`, c.mac))
}

func (c *storyClient) motion(t *testing.T, at time.Time) answer {
	t.Helper()
	return c.post(t, "/api/events/motion", "application/json",
		fmt.Appendf(nil, `{"device_id":%q,"timestamp":%d,"motion_score":42,"camera_enabled":true}`, c.mac, at.Unix()))
}

func (c *storyClient) upload(t *testing.T, jpeg []byte) answer {
	t.Helper()
	return c.post(t, "/api/images/upload", "image/jpeg", jpeg)
}

func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

func wholeJPEG(t *testing.T) []byte {
	t.Helper()
	jpeg, err := os.ReadFile(filepath.Join(harness.Root(), "integration", "contract", "jpeg", "whole.jpg"))
	if err != nil {
		t.Fatal(err)
	}
	return jpeg
}

func servesTheStory(t *testing.T, lab *harness.Lab) {
	hub := lab.Hub(t, harness.Open)
	c, jpeg := newStoryClient(lab), wholeJPEG(t)
	if a := c.register(t).want(t, http.StatusOK); a.field("status") != "registered" || c.token == "" || len(a.Body) > 256 {
		t.Fatalf("register answered %s", a.Body)
	}
	c.heartbeat(t).want(t, http.StatusOK)
	at := time.Now().Truncate(time.Second)
	c.motion(t, at).want(t, http.StatusOK)
	c.upload(t, jpeg).want(t, http.StatusOK)

	events, pictures := hub.Events(c.mac, "motion"), hub.Pictures(c.mac)
	if len(events) != 1 || !events[0].OccurredAt.Equal(at) {
		t.Errorf("events %+v, want one of %v", events, at)
	}
	if len(pictures) != 1 || !bytes.Equal(hub.Image(pictures[0]), jpeg) {
		t.Errorf("pictures %+v, want the one that was sent", pictures)
	}

	hub.SetPrivacy(c.mac, true)
	if a := c.upload(t, jpeg).want(t, http.StatusForbidden); a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("refused with %s: %s", a.Header.Get("Content-Type"), a.Body)
	}
	if n := len(hub.Pictures(c.mac)); n != 1 {
		t.Errorf("%d pictures are stored, one was sent before the lock", n)
	}
	hub.SetPrivacy(c.mac, false)
	c.upload(t, append(jpeg[:len(jpeg):len(jpeg)], jpeg...)[:len(jpeg)]).want(t, http.StatusOK)

	hub.Revoke(c.mac)
	harness.Until(t, "the revoked token is refused everywhere", time.Second, func() bool {
		return c.heartbeat(t).Status == http.StatusUnauthorized && c.upload(t, jpeg).Status == http.StatusUnauthorized
	})
}

func isLimited(t *testing.T, lab *harness.Lab) {
	lab.Hub(t, harness.Open)
	c := newStoryClient(lab)
	c.register(t).want(t, http.StatusOK)
	now := time.Now()
	c.motion(t, now).want(t, http.StatusOK)
	a := c.motion(t, now.Add(2*time.Second)).want(t, http.StatusTooManyRequests)
	if s, err := strconv.Atoi(a.Header.Get("Retry-After")); err != nil || s < 1 || s > 5 {
		t.Errorf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	c.motion(t, now.Add(5*time.Second)).want(t, http.StatusOK)

	c.post(t, "/api/heartbeat", "application/json", bytes.Repeat([]byte("x"), 20<<10)).want(t, http.StatusRequestEntityTooLarge)
	c.post(t, "/api/heartbeat", "application/json", bytes.Repeat([]byte("x"), 2<<20)).want(t, http.StatusRequestEntityTooLarge)
	c.upload(t, bytes.Repeat([]byte("x"), 9<<20)).want(t, http.StatusRequestEntityTooLarge)
	c.upload(t, bytes.Repeat([]byte("x"), 17<<20)).want(t, http.StatusRequestEntityTooLarge)

	wrong := func() answer {
		return (&storyClient{url: lab.URL}).post(t, "/api/login", "application/json", []byte(`{"password":"not the password"}`))
	}
	harness.Until(t, "who guesses passwords is told to wait", soon, func() bool {
		a := wrong()
		return a.Status == http.StatusTooManyRequests && a.Header.Get("Retry-After") != ""
	})
}
