package httpx

import (
	"cmp"
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
	// defaultWriteLimit is how long the caller may take to accept each piece of the
	// answer. It counts from the write and not from the request, so that a long poll
	// may wait and a stream may last, and only a reader that stalls is cut.
	defaultWriteLimit = 30 * time.Second
)

// setDeadlines bounds every request from the start, also those that are refused
// before their body is read: net/http reads what is left of a small body before it
// answers, and would wait for a slow-loris client for ever. Its own limits
// (ReadTimeout, WriteTimeout) are per server and would cut long polls and streams.
func setDeadlines(o Options) gin.HandlerFunc {
	readLimit, writeLimit := cmp.Or(o.ReadLimit, defaultReadLimit), cmp.Or(o.WriteLimit, defaultWriteLimit)
	return func(c *gin.Context) {
		r, w := c.Request, c.Writer
		conn := connectionOf(w)
		if conn == nil {
			return
		}
		// The connection may still carry the deadline of its last answer.
		_ = conn.SetWriteDeadline(time.Time{})
		x := &exchange{writer: timedWriter{ResponseWriter: w, conn: conn, limit: writeLimit}}
		c.Writer = &x.writer
		hasBody := r.Body != nil && r.Body != http.NoBody
		if hasBody {
			x.body = timedBody{ReadCloser: r.Body, conn: conn, start: time.Now()}
			x.body.allow(readLimit)
			r.Body = &x.body
		}
		c.Next()
		x.writer.arm() // for what net/http sends when the chain has returned
		c.Writer = w
		if hasBody {
			// net/http must find its own body again: by its type it knows a client that
			// waits for "100 Continue", and would wait for that client in turn.
			r.Body = x.body.ReadCloser
		}
	}
}

// exchange keeps what the deadlines of one request need in one piece of memory.
type exchange struct {
	body   timedBody
	writer timedWriter
}

// connection is what net/http's response has for http.ResponseController.
type connection interface {
	SetReadDeadline(deadline time.Time) error
	SetWriteDeadline(deadline time.Time) error
}

// connectionOf does what http.ResponseController does with each call, once. It
// returns nil for a test recorder, which needs no deadlines.
func connectionOf(w http.ResponseWriter) connection {
	for {
		switch t := w.(type) {
		case connection:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
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

// WriteDeadline lets the callers of a route take up to d to accept each piece of
// the answer, counted from when it is written. A caller that takes longer is cut.
func WriteDeadline(d time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		if w, ok := c.Writer.(*timedWriter); ok {
			w.limit = d
		}
	}
}

// timedBody is a request body under a deadline. At its end it lifts the deadline:
// net/http goes on reading in the background to learn of a hang-up, and would take
// an expired deadline for one and cancel a handler that is still at work.
type timedBody struct {
	io.ReadCloser
	conn  connection
	start time.Time
	limit time.Duration
	done  bool
}

func (b *timedBody) allow(d time.Duration) {
	if b.done {
		return
	}
	b.limit = d
	_ = b.conn.SetReadDeadline(b.start.Add(d))
}

func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		if !b.done {
			b.done = true
			_ = b.conn.SetReadDeadline(time.Time{})
		}
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		err = fault.Wrap(err, fault.TimedOut, "The body did not arrive within %v.", b.limit)
	}
	return n, err
}

// heldBack is how much of an answer net/http keeps before it sends any of it.
const heldBack = 2 << 10

// timedWriter puts a deadline on each piece of an answer as it is sent.
type timedWriter struct {
	gin.ResponseWriter
	conn  connection
	limit time.Duration
}

func (w *timedWriter) arm() { _ = w.conn.SetWriteDeadline(time.Now().Add(w.limit)) }

// armFor spares the small answers of devices the call.
func (w *timedWriter) armFor(n int) {
	if w.Size()+n >= heldBack {
		w.arm()
	}
}

func (w *timedWriter) Write(p []byte) (int, error) {
	w.armFor(len(p))
	return w.ResponseWriter.Write(p)
}

func (w *timedWriter) WriteString(s string) (int, error) {
	w.armFor(len(s))
	return w.ResponseWriter.WriteString(s)
}

func (w *timedWriter) Flush() {
	w.arm()
	w.ResponseWriter.Flush()
}

// Unwrap lets http.ResponseController reach the connection.
func (w *timedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
