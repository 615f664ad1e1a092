package obs

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
)

// newLogger builds the logger that NESTBOX_LOG_LEVEL and NESTBOX_LOG_FORMAT ask for.
// It names both variables when both are wrong.
func newLogger(w io.Writer, getenv func(string) string, service string) (*slog.Logger, error) {
	var level slog.Level
	var problems []string
	if v := getenv("NESTBOX_LOG_LEVEL"); v != "" {
		if err := level.UnmarshalText([]byte(v)); err != nil {
			problems = append(problems, "NESTBOX_LOG_LEVEL must be debug, info, warn or error")
		}
	}
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: hideSecrets}
	var h slog.Handler
	switch getenv("NESTBOX_LOG_FORMAT") {
	case "", "json":
		h = slog.NewJSONHandler(w, options)
	case "text":
		h = slog.NewTextHandler(w, options)
	default:
		problems = append(problems, "NESTBOX_LOG_FORMAT must be json or text")
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(problems, "\n"))
	}
	log := slog.New(traceHandler{h})
	if service != "" {
		log = log.With("service", service)
	}
	return log, nil
}

// traceHandler adds the trace and span of the context to each record.
type traceHandler struct{ slog.Handler }

func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r.AddAttrs(slog.String("trace_id", sc.TraceID().String()), slog.String("span_id", sc.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r)
}

func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.Handler.WithAttrs(attrs)}
}

func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.Handler.WithGroup(name)}
}

// errorInterval is how often the same trouble with an exporter is worth a line; a
// receiver that is away fails every few seconds.
const errorInterval = time.Minute

// newErrorHandler logs what OpenTelemetry cannot return to anyone.
func newErrorHandler(log *slog.Logger) otel.ErrorHandlerFunc {
	var next atomic.Int64 // Unix ns from which the next line may be written
	return func(err error) {
		now, allowed := time.Now(), next.Load()
		if now.UnixNano() < allowed || !next.CompareAndSwap(allowed, now.Add(errorInterval).UnixNano()) {
			return
		}
		log.Warn("telemetry", "error", err)
	}
}
