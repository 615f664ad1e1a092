package rds_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

// Not parallel: the tracer provider is the process's.
func TestSpansNameCommandsAndHoldNoArguments(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })

	client, err := rds.Open(rds.Config{URL: redistest.StartServer(t).URL(), Tracing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	ctx, root := provider.Tracer("test").Start(t.Context(), "root")
	client.Set(ctx, "s3cret-key", "s3cret-value", 0)
	_, _ = client.Pipelined(ctx, func(p redis.Pipeliner) error { p.Get(ctx, "s3cret-key"); p.Get(ctx, "s3cret-key"); return nil })
	root.End()

	var text strings.Builder
	for _, s := range spans.Ended() {
		if s.SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Errorf("span %s is not part of the trace", s.Name())
		}
		fmt.Fprintln(&text, s.Name(), s.Attributes(), s.Events(), s.Status())
	}
	all := text.String()
	if strings.Contains(all, "s3cret") {
		t.Errorf("a key or a value is in a span:\n%s", all)
	}
	for _, want := range []string{"set", "pipeline"} {
		if !strings.Contains(all, want) {
			t.Errorf("no span for %s:\n%s", want, all)
		}
	}
}
