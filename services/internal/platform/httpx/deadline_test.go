package httpx_test

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

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

// patience is how long a test waits for what should happen at once.
const patience = 30 * time.Second

// dial opens a connection to a real server with this handler.
func dial(t *testing.T, h http.Handler) net.Conn {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", srv.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

func send(t *testing.T, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, r *bufio.Reader) (*http.Response, string) {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func slowBody(path string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: hub\r\nContent-Length: 100\r\n\r\n{\"na"
}

func bindThing(c *gin.Context) {
	var in thing
	if err := httpx.BindJSON(c, &in, 1024); err != nil {
		httpx.Fail(c, err)
		return
	}
	c.String(http.StatusOK, in.Name)
}

func TestSlowBodyIsTimedOut(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{ReadLimit: 30 * time.Millisecond})
	e.POST("/default", bindThing)
	e.POST("/route", httpx.ReadDeadline(60*time.Millisecond), bindThing)
	for path, want := range map[string]string{"/default": "within 30ms", "/route": "within 60ms"} {
		conn := dial(t, e)
		send(t, conn, slowBody(path))
		resp, body := receive(t, bufio.NewReader(conn))
		if resp.StatusCode != http.StatusRequestTimeout || !strings.Contains(body, want) || !resp.Close {
			t.Errorf("%s: %d %s, close %v", path, resp.StatusCode, body, resp.Close)
		}
	}
}

// net/http wants the rest of a body before it answers, also when the handler never
// looked at it.
func TestSlowBodyThatIsRefusedUnreadIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{ReadLimit: 30 * time.Millisecond})
	e.POST("/refused", func(c *gin.Context) { httpx.Fail(c, fault.New(fault.Unauthenticated, "Who are you?")) })
	for path, want := range map[string]int{"/refused": 401, "/nothing": 404} {
		conn := dial(t, e)
		send(t, conn, slowBody(path))
		if resp, _ := receive(t, bufio.NewReader(conn)); resp.StatusCode != want {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

// A client that asks before it sends (curl does, for a large picture) and is refused
// must hear so at once, and not when the time for the body is up.
func TestRefusalComesBeforeBodyThatWaitsForIt(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{ReadLimit: time.Hour})
	e.POST("/x", func(c *gin.Context) { httpx.Fail(c, fault.New(fault.Forbidden, "Privacy is on.")) })
	conn := dial(t, e)
	send(t, conn, "POST /x HTTP/1.1\r\nHost: hub\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
	if resp, _ := receive(t, bufio.NewReader(conn)); resp.StatusCode != http.StatusForbidden {
		t.Errorf("status %d", resp.StatusCode)
	}
}

func TestOversizedBodyIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{ReadLimit: time.Hour})
	e.POST("/x", bindThing)
	conn := dial(t, e)
	// 100 MB are announced and none of them come.
	send(t, conn, "POST /x HTTP/1.1\r\nHost: hub\r\nContent-Length: 104857600\r\n\r\n")
	if resp, _ := receive(t, bufio.NewReader(conn)); resp.StatusCode != http.StatusRequestEntityTooLarge || !resp.Close {
		t.Errorf("status %d, close %v", resp.StatusCode, resp.Close)
	}
}

func TestCutBodyIsInvalid(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	e.POST("/x", bindThing)
	conn := dial(t, e)
	send(t, conn, slowBody("/x"))
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	resp, body := receive(t, bufio.NewReader(conn))
	if resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "4 bytes arrived") {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
}

// The deadline is for the body; work that takes longer afterwards is not cancelled,
// and neither is the next request on the connection.
func TestReadDeadlineEndsWithTheBody(t *testing.T) {
	t.Parallel()
	// Long enough that a busy machine reads twelve bytes in it.
	const limit, longer = 300 * time.Millisecond, 400 * time.Millisecond
	e, _ := setup(t, httpx.Options{ReadLimit: limit, WriteLimit: limit})
	e.POST("/x", func(c *gin.Context) {
		bindThing(c)
		select {
		case <-c.Request.Context().Done():
			t.Error("the request was cancelled")
		case <-time.After(longer): // not a wait for something: the time must pass
		}
	})
	e.GET("/wait", func(c *gin.Context) {
		select {
		case <-c.Request.Context().Done():
			t.Error("the long poll was cancelled")
		case <-time.After(longer):
		}
		c.Status(http.StatusNoContent)
	})
	conn := dial(t, e)
	r := bufio.NewReader(conn)
	for range 2 {
		send(t, conn, "POST /x HTTP/1.1\r\nHost: hub\r\nContent-Length: 12\r\n\r\n"+`{"name":"a"}`)
		if resp, body := receive(t, r); resp.StatusCode != http.StatusOK || body != "a" {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
		send(t, conn, "GET /wait HTTP/1.1\r\nHost: hub\r\n\r\n")
		if resp, _ := receive(t, r); resp.StatusCode != http.StatusNoContent {
			t.Errorf("status %d", resp.StatusCode)
		}
	}
}

func TestStalledReaderIsCut(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	cut := make(chan error, 1)
	e.GET("/x", httpx.WriteDeadline(50*time.Millisecond), func(c *gin.Context) {
		piece := strings.Repeat("x", 1<<16)
		for {
			if _, err := c.Writer.WriteString(piece); err != nil {
				cut <- err
				return
			}
			c.Writer.Flush()
		}
	})
	conn := dial(t, e)
	send(t, conn, "GET /x HTTP/1.1\r\nHost: hub\r\n\r\n")
	select {
	case err := <-cut:
		if !strings.Contains(err.Error(), "timeout") {
			t.Errorf("cut by %v", err)
		}
	case <-time.After(patience):
		t.Error("the handler still writes")
	}
}

func TestStreamOutlivesTheWriteDeadline(t *testing.T) {
	t.Parallel()
	const limit = 200 * time.Millisecond
	e, _ := setup(t, httpx.Options{WriteLimit: limit})
	e.GET("/x", func(c *gin.Context) {
		for i := range 3 {
			if i > 0 {
				<-time.After(2 * limit) // the stream is silent for longer than the limit
			}
			fmt.Fprintf(c.Writer, "message %d\n", i)
			c.Writer.Flush()
		}
	})
	conn := dial(t, e)
	send(t, conn, "GET /x HTTP/1.1\r\nHost: hub\r\n\r\n")
	if _, body := receive(t, bufio.NewReader(conn)); body != "message 0\nmessage 1\nmessage 2\n" {
		t.Errorf("got %q", body)
	}
}
