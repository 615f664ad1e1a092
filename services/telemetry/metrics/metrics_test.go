package metrics_test

import (
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/metrics"
)

type tally telemetry.Tally

func (t tally) Tally() telemetry.Tally { return telemetry.Tally(t) }

// TestRegister uses the global meter provider, so it is not parallel.
func TestRegister(t *testing.T) {
	reader := sdk.NewManualReader()
	otel.SetMeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader)))
	var counts telemetry.Counts
	counts.Beats.Add(7)
	counts.MotionLimited.Add(2)
	n := func(v int64) func() int64 { return func() int64 { return v } }
	err := metrics.Register(metrics.Sources{
		Counts:  &counts,
		Sweeper: tally{Holding: true, Devices: map[telemetry.State]int{telemetry.Late: 3}, Failures: 4},
		Lost:    n(5),
		Redis:   &metrics.Redis{Away: func() bool { return true }, Outages: n(6), Fallbacks: n(8)},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &got); err != nil {
		t.Fatal(err)
	}
	values := map[string]int64{}
	for _, scope := range got.ScopeMetrics {
		for _, m := range scope.Metrics {
			var points []metricdata.DataPoint[int64]
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				points = data.DataPoints
			case metricdata.Gauge[int64]:
				points = data.DataPoints
			}
			for _, p := range points {
				name := []string{m.Name}
				for _, label := range p.Attributes.ToSlice() {
					name = append(name, label.Value.AsString())
				}
				values[strings.Join(name, " ")] = p.Value
			}
		}
	}
	for name, want := range map[string]int64{
		"nestbox.telemetry.heartbeats accepted": 7, "nestbox.telemetry.heartbeats refused": 0, "nestbox.telemetry.motion limited": 2,
		"nestbox.telemetry.devices late": 3, "nestbox.telemetry.devices offline": 0, "nestbox.telemetry.sweeper.holding": 1,
		"nestbox.telemetry.sweeper.failures": 4, "nestbox.telemetry.stream.lost": 5, "nestbox.telemetry.degraded": 1,
		"nestbox.telemetry.degraded.outages": 6, "nestbox.telemetry.degraded.requests": 8,
	} {
		if got, ok := values[name]; !ok || got != want {
			t.Errorf("%s is %d (%v), want %d", name, got, ok, want)
		}
	}
	if err := metrics.Register(metrics.Sources{}); err != nil {
		t.Errorf("nothing to show: %v", err)
	}
}
