package obs

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
	"go.opentelemetry.io/otel/sdk/resource"
)

// maxSeries bounds the attribute sets of one instrument. All our labels are bounded
// already; this is for the label that someone adds without thinking.
const maxSeries = 2000

// pushWanted reports whether metrics are pushed besides being scraped.
func pushWanted(getenv func(string) string) bool {
	switch exporter := getenv("OTEL_METRICS_EXPORTER"); {
	case getenv("OTEL_SDK_DISABLED") == "true", exporter == none, exporter == "prometheus":
		return false
	case exporter != "":
		return true
	}
	return getenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT") != ""
}

func (o *Obs) startMetrics(ctx context.Context, getenv func(string) string, res *resource.Resource) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	scrape, err := otelprom.New(otelprom.WithRegisterer(registry), otelprom.WithoutScopeInfo())
	if err != nil {
		return fmt.Errorf("prometheus exporter: %w", err)
	}
	options := []sdkmetric.Option{
		sdkmetric.WithResource(res), sdkmetric.WithReader(scrape), sdkmetric.WithCardinalityLimit(maxSeries),
		// Exemplars cost an allocation per measurement and nobody scrapes them here.
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter),
	}
	if pushWanted(getenv) {
		push, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return fmt.Errorf("metric exporter: %w", err)
		}
		options = append(options, sdkmetric.WithReader(push))
	}
	provider := sdkmetric.NewMeterProvider(options...)
	otel.SetMeterProvider(provider)
	o.stops = append(o.stops, provider.Shutdown)
	o.Metrics = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(o.Logger.Handler(), slog.LevelWarn),
		// One broken collector must not hide all others.
		ErrorHandling: promhttp.ContinueOnError,
		Registry:      registry,
	})
	return nil
}
