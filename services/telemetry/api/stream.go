package api

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/stream"
)

const (
	defaultPing       = 15 * time.Second
	defaultWriteLimit = 10 * time.Second
	defaultWatchers   = 64
)

// errWatchers refuses one stream too many: each holds a connection and a
// goroutine, and a page that leaks them must not take the hub down.
var errWatchers = fault.New(fault.RateLimited, "Too many live streams are open. Close some pages, then try again.").After(5 * time.Second)

// streams serves the live stream as server-sent events (WHATWG HTML, 9.2).
type streams struct {
	stream          stream.Stream
	requireOperator gin.HandlerFunc
	ping            time.Duration
	places          chan struct{}
}

func newStreams(cfg Config, requireOperator gin.HandlerFunc) *streams {
	return &streams{
		stream: cfg.Stream, requireOperator: requireOperator,
		ping:   cmp.Or(cfg.Ping, defaultPing),
		places: make(chan struct{}, cmp.Or(cfg.Watchers, defaultWatchers)),
	}
}

// serve writes messages until the watcher goes, reads too slowly, is logged
// out, or the server drains. The watcher's browser then connects again by
// itself, with the id of the last message that it had.
func (s *streams) serve(c *gin.Context) {
	select {
	case s.places <- struct{}{}:
		defer func() { <-s.places }()
	default:
		httpx.Fail(c, errWatchers)
		return
	}
	ctx, cancel := context.WithCancel(c.Request.Context())
	defer cancel()
	messages, err := s.stream.Subscribe(ctx, c.GetHeader("Last-Event-ID"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Header("Content-Type", "text/event-stream")
	c.Header("X-Accel-Buffering", "no") // for proxies that hold answers back
	c.Status(http.StatusOK)
	if !s.write(c, []byte(": nestbox\n\n")) {
		return
	}
	ping := time.NewTicker(s.ping)
	defer ping.Stop()
	for {
		select {
		case m, ok := <-messages:
			// Closed: the watcher fell behind by more than the stream keeps.
			if !ok || !s.write(c, frame(&m)) {
				return
			}
		case <-ping.C:
			// The session may have ended since. The answer has begun, so a refusal only
			// ends it.
			if s.requireOperator(c); c.IsAborted() || !s.write(c, []byte(":\n\n")) {
				return
			}
		case <-httpx.Draining(c):
			return
		case <-ctx.Done():
			return
		}
	}
}

// write sends a piece at once. It is false when the watcher is gone, or was too
// slow for the piece before.
func (s *streams) write(c *gin.Context, piece []byte) bool {
	if _, err := c.Writer.Write(piece); err != nil {
		return false
	}
	c.Writer.Flush()
	return true
}

// frame is a message as an event of the stream. A message without an id leaves
// the watcher's last id as it is.
func frame(m *stream.Message) []byte {
	data := []byte(m.Data)
	if len(data) == 0 {
		data = []byte("{}")
	}
	// Line breaks in JSON are white space between tokens, and would end the data.
	data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\n"), []byte(" ")), []byte("\r"), []byte(" "))
	b := make([]byte, 0, len(m.ID)+len(m.Kind)+len(data)+32)
	if m.ID != "" {
		b = append(append(append(b, "id: "...), m.ID...), '\n')
	}
	b = append(append(append(b, "event: "...), m.Kind...), '\n')
	b = append(append(b, "data: "...), data...)
	return append(b, "\n\n"...)
}
