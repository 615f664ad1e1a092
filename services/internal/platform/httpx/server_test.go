package httpx_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/httpx"
)

// diary is the order in which things happened.
type diary struct {
	mu      sync.Mutex
	entries []string
}

func (d *diary) write(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.entries = append(d.entries, what)
}

func (d *diary) read() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.entries)
}

// running is a server under test.
type running struct {
	base, ops string // URLs
	stop      context.CancelFunc
	done      chan error
	client    *http.Client
}

func start(t *testing.T, s *httpx.Server, background ...func(context.Context) error) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r := &running{stop: cancel, done: make(chan error, 1), client: &http.Client{Transport: &http.Transport{}, Timeout: patience}}
	addrs := make(chan net.Addr, 2)
	s.Listen, s.OnListen = "127.0.0.1:0", func(a net.Addr) { addrs <- a }
	if s.Ops != nil {
		s.OpsListen, s.OnOpsListen = "127.0.0.1:0", func(a net.Addr) { addrs <- a }
	}
	go func() { r.done <- s.Run(ctx, background...) }()
	t.Cleanup(func() {
		cancel()
		r.client.CloseIdleConnections()
	})
	await := func() string {
		select {
		case a := <-addrs:
			return "http://" + a.String()
		case err := <-r.done:
			t.Fatalf("server ended: %v", err)
		case <-time.After(patience):
			t.Fatal("server does not listen")
		}
		return ""
	}
	r.base = await()
	if s.Ops != nil {
		r.ops = await()
	}
	return r
}

func (r *running) get(t *testing.T, url string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func (r *running) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.done:
		return err
	case <-time.After(patience):
		t.Fatal("server does not stop")
		return nil
	}
}

// The promise to everyone who restarts Nestbox: readiness goes first, the request in
// progress gets its whole answer, long polls end at once, background work ends after
// the last request that could need it.
func TestSlowRequestSurvivesOrderedStop(t *testing.T) {
	t.Parallel()
	var d diary
	inside, release := make(chan struct{}), make(chan struct{})
	polling := make(chan struct{})
	e, _ := setup(t, httpx.Options{})
	e.GET("/slow", func(c *gin.Context) {
		close(inside)
		<-release
		if c.Request.Context().Err() != nil {
			t.Error("the request was cancelled")
		}
		d.write("slow answered")
		c.String(http.StatusOK, "whole answer")
	})
	e.GET("/poll", func(c *gin.Context) {
		close(polling)
		select {
		case <-httpx.Draining(c):
			d.write("poll ended")
			c.Status(http.StatusNoContent)
		case <-c.Request.Context().Done():
			t.Error("the poll was cancelled")
		}
	})
	health := httpx.NewHealth()
	s := &httpx.Server{Handler: e, Health: health, Ops: httpx.OpsHandler(health, nil), DrainDelay: 3 * time.Second}
	r := start(t, s, func(ctx context.Context) error {
		<-ctx.Done()
		d.write("work ended")
		return ctx.Err()
	})
	if code, _, err := r.get(t, r.ops+"/readyz"); code != http.StatusOK {
		t.Fatalf("not ready: %d %v", code, err)
	}
	type answer struct {
		code int
		body string
		err  error
	}
	slow, poll := make(chan answer, 1), make(chan answer, 1)
	ask := func(path string, to chan<- answer) {
		code, body, err := r.get(t, r.base+path)
		to <- answer{code, body, err}
	}
	go ask("/slow", slow)
	go ask("/poll", poll)
	<-inside
	<-polling

	r.stop()
	// During the pause the port still answers, and says that it is about to go.
	deadline := time.Now().Add(patience)
	for {
		if code, _, err := r.get(t, r.ops+"/readyz"); err == nil && code == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("readiness does not go off")
		}
	}
	if code, _, err := r.get(t, r.base+"/nothing"); code != http.StatusNotFound {
		t.Errorf("new request during the pause: %d %v", code, err)
	}
	d.write("readiness off")
	if a := <-poll; a.code != http.StatusNoContent || a.err != nil {
		t.Errorf("poll: %+v", a)
	}
	// The slow request still runs, and the ops port is still there to see it.
	if code, _, err := r.get(t, r.ops+"/livez"); code != http.StatusOK {
		t.Errorf("livez while draining: %d %v", code, err)
	}
	close(release)
	if a := <-slow; a.code != http.StatusOK || a.body != "whole answer" || a.err != nil {
		t.Errorf("slow: %+v", a)
	}
	if err := r.wait(t); err != nil {
		t.Errorf("Run: %v", err)
	}
	if got, want := d.read(), []string{"readiness off", "poll ended", "slow answered", "work ended"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if _, _, err := r.get(t, r.base+"/nothing"); err == nil {
		t.Error("the port still answers")
	}
}

func TestRequestThatDoesNotEndIsCut(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	inside := make(chan struct{})
	e.GET("/stuck", func(c *gin.Context) {
		close(inside)
		<-c.Request.Context().Done()
	})
	r := start(t, &httpx.Server{Handler: e, ShutdownTimeout: 30 * time.Millisecond})
	failed := make(chan error, 1)
	go func() {
		_, _, err := r.get(t, r.base+"/stuck")
		failed <- err
	}()
	<-inside
	r.stop()
	if err := r.wait(t); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "requests were cut after 30ms") {
		t.Errorf("Run: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the stuck request got an answer")
	}
}

func TestFailureOfBackgroundWorkStopsTheServer(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	fail := make(chan error)
	finished := make(chan struct{})
	r := start(t, &httpx.Server{Handler: e, DrainDelay: time.Hour},
		func(context.Context) error { return nil }, // done early, which is fine
		func(context.Context) error { return <-fail },
		func(ctx context.Context) error { <-ctx.Done(); close(finished); return nil })
	broken := errors.New("lease lost")
	fail <- broken
	if err := r.wait(t); !errors.Is(err, broken) {
		t.Errorf("Run: %v", err)
	}
	<-finished
}

func TestBackgroundWorkThatDoesNotEndIsLeftBehind(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	r := start(t, &httpx.Server{Handler: e, ShutdownTimeout: 20 * time.Millisecond},
		func(context.Context) error { <-release; return nil })
	r.stop()
	if err := r.wait(t); err == nil || !strings.Contains(err.Error(), "did not end within 20ms") {
		t.Errorf("Run: %v", err)
	}
}

func TestTakenPortIsReportedBeforeAnythingStarts(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	taken, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	work := func(context.Context) error { t.Error("work was started"); return nil }
	s := &httpx.Server{Handler: http.NotFoundHandler(), Listen: taken.Addr().String()}
	if err := s.Run(t.Context(), work); err == nil || !strings.Contains(err.Error(), "listen on "+s.Listen) {
		t.Errorf("Run: %v", err)
	}
	s = &httpx.Server{Handler: http.NotFoundHandler(), Listen: "127.0.0.1:0", Ops: http.NotFoundHandler(), OpsListen: taken.Addr().String()}
	if err := s.Run(t.Context(), work); err == nil || !strings.Contains(err.Error(), "for probes and metrics") {
		t.Errorf("Run: %v", err)
	}
}

func TestSlowHeaderIsCut(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	r := start(t, &httpx.Server{Handler: e, ReadHeaderTimeout: 30 * time.Millisecond})
	for name, text := range map[string]string{"nothing": "", "half a header": "GET / HTTP/1.1\r\nHost: hub\r\nX-Slow: "} {
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		send(t, conn, text)
		// A text that comes after the cut resets the connection, which ends it too.
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection stays open: %v", name, err)
		}
		_ = conn.Close()
	}
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
}

func TestHugeHeaderAndAsteriskAreRefused(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	r := start(t, &httpx.Server{Handler: e})
	for request, want := range map[string]int{
		"GET / HTTP/1.1\r\nHost: hub\r\nX-Big: " + strings.Repeat("a", 64<<10) + "\r\n\r\n": http.StatusRequestHeaderFieldsTooLarge,
		"OPTIONS * HTTP/1.1\r\nHost: hub\r\n\r\n":                                           http.StatusNotFound,
	} {
		var d net.Dialer
		conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(r.base, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		send(t, conn, request)
		if resp, _ := receive(t, bufio.NewReader(conn)); resp.StatusCode != want {
			t.Errorf("%.20q: %d", request, resp.StatusCode)
		}
		_ = conn.Close()
	}
	r.stop()
	if err := r.wait(t); err != nil {
		t.Error(err)
	}
}

func TestDrainingOutsideOfServerBlocks(t *testing.T) {
	t.Parallel()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	if httpx.Draining(c) != nil {
		t.Error("a channel out of nowhere")
	}
	ch := make(chan struct{})
	c.Request = c.Request.WithContext(httpx.WithDraining(t.Context(), ch))
	if httpx.Draining(c) != ch {
		t.Error("another channel than the one that was given")
	}
}
