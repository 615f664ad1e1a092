package api_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/api"
)

// serve starts a real server, since deadlines need a real connection.
func (w *world) serve() net.Addr {
	w.t.Helper()
	s := httptest.NewServer(w.engine)
	w.t.Cleanup(s.Close)
	return s.Listener.Addr()
}

// dial sends the head of an upload that declares length bytes.
func (w *world) dial(addr net.Addr, length int, more string) net.Conn {
	w.t.Helper()
	conn, err := net.Dial("tcp", addr.String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		w.t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST /api/images/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nX-Device-ID: %s\r\n"+
		"Content-Type: image/jpeg\r\nContent-Length: %d\r\n%s\r\n", w.token(), camera, length, more)
	return conn
}

// answer reads the status of the answer.
func answer(t *testing.T, conn net.Conn) int {
	t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("read answer: %v", err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Errorf("read answer: %v", err)
	}
	return resp.StatusCode
}

// drip writes b in pieces, one each pause, until it is done or the server hangs up.
func drip(conn net.Conn, b []byte, piece int, pause time.Duration) {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for len(b) > 0 {
		n := min(piece, len(b))
		if _, err := conn.Write(b[:n]); err != nil {
			return
		}
		b = b[n:]
		<-tick.C
	}
}

func TestSlowLorisIsCutOff(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		pace  api.Pace
		piece int
	}{
		"too few bytes a second": {api.Pace{Limit: 20 * time.Second, Grace: 300 * time.Millisecond, BytesPerSecond: 10_000}, 1},
		"too long in all":        {api.Pace{Limit: 500 * time.Millisecond, Grace: 400 * time.Millisecond, BytesPerSecond: 1}, 50},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(o *options) { o.pace = tc.pace })
			b := photo(1, 800, 600)
			conn := w.dial(w.serve(), len(b), "")
			start := time.Now()
			done := make(chan struct{})
			go func() { defer close(done); drip(conn, b, tc.piece, 20*time.Millisecond) }()
			if status := answer(t, conn); status != http.StatusRequestTimeout {
				t.Errorf("status %d, want 408", status)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
			conn.Close()
			<-done
			w.wantNothing()
		})
	}
}

func TestSlowButSteadyIsServed(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *options) {
		o.pace = api.Pace{Limit: 20 * time.Second, Grace: time.Second, BytesPerSecond: 200}
	})
	b := photo(1, 160, 120)
	conn := w.dial(w.serve(), len(b), "")
	// 2000 bytes a second against 200, for longer than the grace.
	go drip(conn, b, 40, 20*time.Millisecond)
	if status := answer(t, conn); status != http.StatusOK {
		t.Errorf("status %d, want 200", status)
	}
}

func TestConnectionLostLeavesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := photo(1, 800, 600)
	addr := w.serve()
	for _, at := range []int{0, 1, len(b) / 2, len(b) - 1} {
		conn := w.dial(addr, len(b), "")
		if _, err := conn.Write(b[:at]); err != nil {
			t.Fatal(err)
		}
		// Half closed: the answer can still be read, and tells that the server is through.
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil { //nolint:forcetypeassert // dialed as tcp
			t.Fatal(err)
		}
		if status := answer(t, conn); status != http.StatusUnprocessableEntity && status != http.StatusBadRequest {
			t.Errorf("cut at %d: status %d", at, status)
		}
		w.wantNothing()
	}
}

// TestLockedIsSaidBeforeTheBody: a client that waits for 100 Continue never sends what
// nobody may see.
func TestLockedIsSaidBeforeTheBody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.state(func(s *media.DeviceState) { s.PrivacyLocked = true })
	conn := w.dial(w.serve(), 50_000, "Expect: 100-continue\r\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil || !strings.Contains(line, "403") {
		t.Errorf("answer %q, %v; want 403 at once", line, err)
	}
	w.wantNothing()
}

func TestHundredMegabytesAreRefusedUnread(t *testing.T) {
	t.Parallel()
	w := setup(t)
	conn := w.dial(w.serve(), 100<<20, "Expect: 100-continue\r\n")
	if status := answer(t, conn); status != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", status)
	}
	w.wantNothing()
}
