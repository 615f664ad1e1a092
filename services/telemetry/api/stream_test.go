package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/telemetry/api"
)

// sse is one event of a stream; of a comment only comment is set.
type sse struct{ id, event, data, comment string }

// page is a browser's connection to the stream.
type page struct {
	t      *testing.T
	events chan sse // closed when the stream ends
	close  func()
}

// serve starts a real server, since streams need one, with a channel that says
// that it drains.
func (h *hub) serve(draining <-chan struct{}) *httptest.Server {
	server := httptest.NewUnstartedServer(h.engine)
	server.Config.BaseContext = func(net.Listener) context.Context {
		return httpx.WithDraining(context.Background(), draining)
	}
	server.Start()
	h.t.Cleanup(server.Close)
	return server
}

func open(t *testing.T, server *httptest.Server, lastID string) *page {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+operator)
	if lastID != "" {
		req.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		t.Fatalf("status %d, %s: %s", resp.StatusCode, got, body)
	}
	p := &page{t: t, events: make(chan sse, 100), close: cancel}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(p.events)
		defer func() { _ = resp.Body.Close() }()
		read(resp.Body, p.events)
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return p
}

func read(body io.Reader, events chan<- sse) {
	var e sse
	for lines := bufio.NewScanner(body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "":
			if e != (sse{}) {
				events <- e
			}
			e = sse{}
		case name == "":
			e.comment = "comment " + value
		case name == "id":
			e.id = value
		case name == "event":
			e.event = value
		case name == "data":
			e.data += value
		}
	}
}

// next returns the next event that is no comment.
func (p *page) next() sse {
	p.t.Helper()
	for {
		e, ok := p.any()
		if !ok {
			p.t.Fatal("the stream ended")
		}
		if e.comment == "" {
			return e
		}
	}
}

func (p *page) any() (sse, bool) {
	p.t.Helper()
	select {
	case e, ok := <-p.events:
		return e, ok
	case <-time.After(30 * time.Second):
		p.t.Fatal("nothing on the stream for 30 s")
		return sse{}, false
	}
}

// wantEnd fails unless the stream ends within limit.
func (p *page) wantEnd(limit time.Duration) {
	p.t.Helper()
	deadline := time.After(limit)
	for {
		select {
		case _, ok := <-p.events:
			if !ok {
				return
			}
		case <-deadline:
			p.t.Fatalf("the stream did not end within %v", limit)
		}
	}
}

func TestTheStreamTellsWhatHappens(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	p := open(t, h.serve(nil), "")
	want(t, h.do(h.post(motion, h.token(front), storyMotion(front, noon))), http.StatusOK)
	e := p.next()
	var event struct {
		DeviceID    string  `json:"device_id"`
		Kind        string  `json:"kind"`
		MotionScore float64 `json:"motion_score"`
	}
	if err := json.Unmarshal([]byte(e.data), &event); err != nil || e.event != "motion.received" || e.id == "" ||
		event.DeviceID != front || event.Kind != "motion" || event.MotionScore != 42 {
		t.Errorf("event %+v, %v", e, err)
	}
	// A repeat is nothing new, a refusal is nothing at all.
	want(t, h.do(h.post(motion, h.token(front), storyMotion(front, noon))), http.StatusTooManyRequests)
	want(t, h.do(h.post(heartbeat, h.token(front), storyHeartbeat(front))), http.StatusOK)
	h.sweep()
	e = p.next()
	if !strings.Contains(e.data, `"state":"online"`) || e.event != "presence.changed" || !strings.Contains(e.data, `"reading":{`) {
		t.Errorf("event %+v", e)
	}
}

func TestAStreamResumes(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	server := h.serve(nil)
	publish := func(n int) {
		t.Helper()
		if err := h.stream.Publish(t.Context(), "device.updated", map[string]any{"n": n}); err != nil {
			t.Fatal(err)
		}
	}
	p := open(t, server, "")
	publish(1)
	first := p.next()
	p.close()
	publish(2)
	publish(3)
	p = open(t, server, first.id)
	for _, n := range []int{2, 3} {
		if e := p.next(); e.data != fmt.Sprintf(`{"n":%d}`, n) || e.event != "device.updated" {
			t.Errorf("event %+v, want number %d", e, n)
		}
	}
	// An id from before a restart: the page is told to read everything anew.
	p = open(t, server, "1-0")
	if e := p.next(); e.event != "stream.reset" || e.id != "" || e.data != "{}" {
		t.Errorf("event %+v, want a reset without an id", e)
	}
	req := h.get("/api/stream")
	req.Header.Set("Last-Event-ID", "' OR 1=1")
	want(t, h.do(req), http.StatusBadRequest)
}

func TestAnIdleStreamIsKeptAliveUntilTheLogout(t *testing.T) {
	t.Parallel()
	h := newHub(t, func(c *api.Config) { c.Ping = 10 * time.Millisecond })
	p := open(t, h.serve(nil), "")
	for range 5 {
		if e, ok := p.any(); !ok || e.comment == "" {
			t.Fatalf("%+v, want a comment", e)
		}
	}
	h.operators.withdraw()
	p.wantEnd(30 * time.Second)
}

func TestADrainEndsStreamsAtOnce(t *testing.T) {
	t.Parallel()
	h := newHub(t)
	draining := make(chan struct{})
	p := open(t, h.serve(draining), "")
	if _, ok := p.any(); !ok { // the first comment
		t.Fatal("the stream ended")
	}
	close(draining)
	p.wantEnd(10 * time.Second) // the next ping would come after 15 s
}

func TestStreamsAreCounted(t *testing.T) {
	t.Parallel()
	h := newHub(t, func(c *api.Config) { c.Watchers = 2 })
	server := h.serve(nil)
	first := open(t, server, "")
	open(t, server, "")
	rec := h.do(h.get("/api/stream"))
	want(t, rec, http.StatusTooManyRequests)
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	first.close()
	first.wantEnd(30 * time.Second)
	h.wantPlace(30 * time.Second) // when the handler has returned
}

// A watcher that does not read is dropped when a write takes too long, and the
// publisher does not wait for it.
func TestASlowReaderIsDropped(t *testing.T) {
	t.Parallel()
	h := newHub(t, func(c *api.Config) { c.WriteLimit = 100 * time.Millisecond; c.Watchers = 1 })
	server := h.serve(nil)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := fmt.Fprintf(conn, "GET /api/stream HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\n\r\n", operator); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != nil { // it is being served
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	began := time.Now()
	for i := range 40 { // more than the sockets of both sides hold
		if err := h.stream.Publish(t.Context(), "device.updated", map[string]any{"n": i, "x": big}); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("publishing took %v", took)
	}
	h.wantPlace(30 * time.Second)
}

// wantPlace fails unless a stream can be opened within limit.
func (h *hub) wantPlace(limit time.Duration) {
	h.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(limit); ; <-tick.C {
		ended, cancel := context.WithCancel(h.ctx)
		cancel()
		if rec := h.do(h.get("/api/stream").WithContext(ended)); rec.Code == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("no place for a stream within %v", limit)
		}
	}
}
