package obs

import (
	"context"
	"fmt"

	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

const none = "none"

// tracingWanted follows the standard, except that nothing set means nothing
// exported: the standard's default is a receiver on localhost, which few have.
func tracingWanted(getenv func(string) string) bool {
	switch exporter := getenv("OTEL_TRACES_EXPORTER"); {
	case getenv("OTEL_SDK_DISABLED") == "true", exporter == none:
		return false
	case exporter != "":
		return true
	}
	return getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
}

func (o *Obs) startTracing(ctx context.Context, res *resource.Resource) error {
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return fmt.Errorf("span exporter: %w", err)
	}
	// The batcher drops spans when the receiver is away and its queue is full; it
	// never makes a request wait.
	provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(res))
	otel.SetTracerProvider(provider)
	o.Tracing = true
	o.stops = append(o.stops, provider.Shutdown)
	return nil
}
