package httpx

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// observe counts each request and writes one log line for it. The line has the
// route template and never the path, query or a header: those can hold ids, keys
// and tokens.
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

		level := levelOf(c, status)
		if !log.Enabled(c.Request.Context(), level) {
			return
		}
		attrs := make([]slog.Attr, 0, 8)
		attrs = append(attrs,
			slog.String("method", boundedMethod(c.Request.Method)), slog.String("route", c.FullPath()),
			slog.Int("status", status), slog.Duration("took", took), slog.String("request_id", RequestID(c)))
		if last := c.Errors.Last(); last != nil {
			attrs = append(attrs, slog.Any("error", last.Err))
			var p *panicError
			if errors.As(last.Err, &p) {
				attrs = append(attrs, slog.String("stack", string(p.stack)))
			}
		}
		log.LogAttrs(c.Request.Context(), level, "request", attrs...)
	}
}

// levelOf says how loud a request is: a failure of ours, also one that broke off
// an answer that had begun, is an error; a dependency that is away is a warning.
func levelOf(c *gin.Context, status int) slog.Level {
	var p *panicError
	switch {
	case status == http.StatusServiceUnavailable:
		return slog.LevelWarn
	case status >= http.StatusInternalServerError:
		return slog.LevelError
	case len(c.Errors) > 0 && errors.As(c.Errors.Last().Err, &p):
		return slog.LevelError
	default:
		return slog.LevelDebug
	}
}
