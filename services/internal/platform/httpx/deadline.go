package httpx

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// defaultReadLimit is how long a whole body may take to arrive: a few hundred
	// bytes of JSON, with room for a camera at the edge of its network.
	defaultReadLimit = 10 * time.Second
	// defaultWriteLimit is how long the handler and the caller may take until the
	// whole answer is handed to the network. Long polls and streams set their own.
	defaultWriteLimit = 30 * time.Second
)

// setDeadlines bounds every request from the start, also those that are refused
// before their body is read: net/http reads what is left of a small body before
// it answers, and would wait for a slow-loris client for ever. ReadDeadline and
// WriteDeadline move the bounds per route. net/http knows only bounds per server
// (ReadTimeout, WriteTimeout), which would cut long polls and streams.
func setDeadlines(c *gin.Context) {
	rc := http.NewResponseController(c.Writer)
	now := time.Now()
	if c.Request.Body != nil && c.Request.Body != http.NoBody {
		body := &timedBody{ReadCloser: c.Request.Body, rc: rc, start: now}
		body.allow(defaultReadLimit)
		c.Request.Body = body
	}
	// Not supported by test recorders, which need no deadline.
	_ = rc.SetWriteDeadline(now.Add(defaultWriteLimit))
}

// ReadDeadline lets the bodies of a route take up to d to arrive, counted from
// when the header was read. A body that takes longer fails to read with a
// fault.TimedOut, which becomes 408.
func ReadDeadline(d time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		if body, ok := c.Request.Body.(*timedBody); ok {
			body.allow(d)
		}
	}
}

// WriteDeadline gives a route d from now to finish its answer; 0 is no limit, for
// streams that call ExtendWrite before each message.
func WriteDeadline(d time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) { _ = ExtendWrite(c, d) }
}

// ExtendWrite gives the answer another d from now; 0 is no limit. It fails only
// when the connection is closed.
func ExtendWrite(c *gin.Context, d time.Duration) error {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	err := http.NewResponseController(c.Writer).SetWriteDeadline(until)
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

// timedBody is a request body under a deadline. At its end it lifts the deadline:
// net/http goes on reading in the background to learn of a hang-up, and would take
// an expired deadline for one and cancel a handler that is still at work.
type timedBody struct {
	io.ReadCloser
	rc    *http.ResponseController
	start time.Time
	limit time.Duration
	done  bool
}

func (b *timedBody) allow(d time.Duration) {
	if b.done {
		return
	}
	b.limit = d
	_ = b.rc.SetReadDeadline(b.start.Add(d))
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		if !b.done {
			b.done = true
			_ = b.rc.SetReadDeadline(time.Time{})
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		err = fault.Wrap(err, fault.TimedOut, "The body did not arrive within %v.", b.limit)
	}
	return n, err //nolint:wrapcheck // io.EOF must stay io.EOF
}
