package pg_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"home.arpa/nestbox/services/internal/platform/pgtest"
)

// Not parallel: the tracer provider is the process's.
func TestSpansNameStatementsAndHoldNoArguments(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	before := otel.GetTracerProvider()
	provider := trace.NewTracerProvider(trace.WithSpanProcessor(spans))
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })

	cfg := pgtest.New(t, "registry")
	cfg.Tracing = true
	db := pgtest.Connect(t, cfg)
	ctx, root := provider.Tracer("test").Start(t.Context(), "root")
	err := db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var s string
		return tx.QueryRow(ctx, "SELECT $1::text", "s3cret").Scan(&s)
	})
	root.End()
	if err != nil {
		t.Fatal(err)
	}

	var text strings.Builder
	for _, s := range spans.Ended() {
		if s.SpanContext().TraceID() != root.SpanContext().TraceID() {
			t.Errorf("span %s is not part of the trace", s.Name())
		}
		fmt.Fprintln(&text, s.Name(), s.Attributes(), s.Events())
	}
	all := text.String()
	if strings.Contains(all, "s3cret") {
		t.Errorf("an argument is in a span:\n%s", all)
	}
	if !strings.Contains(all, "SELECT") {
		t.Errorf("no span for the statement:\n%s", all)
	}
}
