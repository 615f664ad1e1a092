package rds_test

import (
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"home.arpa/nestbox/services/internal/platform/redistest"
)

// Not parallel: the meter provider is the process's.
func TestFailuresAreCountedByReason(t *testing.T) {
	reader := metric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })

	s := redistest.StartServer(t)
	client := s.Client()
	client.Get(t.Context(), "k") // no such key is an answer
	s.Kill()
	for range 3 {
		client.Get(t.Context(), "k")
	}

	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if sum, ok := m.Data.(metricdata.Sum[int64]); ok && m.Name == "nestbox.redis.failures" {
				for _, p := range sum.DataPoints {
					reason, _ := p.Attributes.Value("error.type")
					got[reason.AsString()] += p.Value
				}
			}
		}
	}
	if got["refused"]+got["closed"]+got["network"] != 3 || got["refused"] < 2 {
		t.Errorf("counted %v, want 3, at least 2 of them refused", got)
	}
}
