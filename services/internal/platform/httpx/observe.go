package httpx

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// KeyActor is the key in the gin.Context of who the request speaks for, a
// slog.LogValuer. Authentication sets it, the log line carries it.
const KeyActor = "home.arpa/nestbox/actor"

// observe counts each request and writes one log line for it. The line has the
// route template and never the path, query or a header: those can hold keys and
// tokens.
func observe(log *slog.Logger) gin.HandlerFunc {
	m := newMetrics()
	return func(c *gin.Context) {
		start := time.Now()
		m.active.Add(1)
		defer m.active.Add(-1)
		c.Next()
		took := time.Since(start)
		status := c.Writer.Status()
		m.record(c.Request.Context(), requestKey{c.FullPath(), c.Request.Method, status}, took)

		crash := panicOf(c)
		level := levelOf(status, crash)
		if log.Enabled(c.Request.Context(), level) {
			log.LogAttrs(c.Request.Context(), level, "request", describe(c, status, took, crash)...)
		}
		if crash != nil && crash.begun {
			// Close the connection, so that nobody takes half an answer for the whole.
			panic(http.ErrAbortHandler)
		}
	}
}

// levelOf says how loud a request is: a failure of ours is an error, a dependency
// that is away a warning.
func levelOf(status int, crash *panicError) slog.Level {
	switch {
	case crash != nil:
		return slog.LevelError
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	default:
		return slog.LevelDebug
	}
}

func panicOf(c *gin.Context) *panicError {
	if len(c.Errors) == 0 {
		return nil
	}
	var p *panicError
	_ = errors.As(c.Errors.Last().Err, &p)
	return p
}

func describe(c *gin.Context, status int, took time.Duration, crash *panicError) []slog.Attr {
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs,
		slog.String("method", boundedMethod(c.Request.Method)), slog.String("route", c.FullPath()),
		slog.Int("status", status), slog.Duration("took", took), slog.String("client", c.ClientIP()),
		slog.String("request_id", RequestID(c)))
	if actor, ok := c.Get(KeyActor); ok {
		attrs = append(attrs, slog.Any("actor", actor))
	}
	if last := c.Errors.Last(); last != nil {
		attrs = append(attrs, slog.Any("error", last.Err))
	}
	if crash != nil {
		attrs = append(attrs, slog.String("stack", string(crash.stack)))
	}
	return attrs
}
