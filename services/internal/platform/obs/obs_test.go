package obs_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/obs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setup runs Setup with the given variables, in the lookup and in the process,
// where the exporters read. The providers are global, so these tests are serial.
func setup(t *testing.T, vars map[string]string) (*obs.Obs, *strings.Builder) {
	t.Helper()
	for k, v := range vars {
		t.Setenv(k, v)
	}
	var log strings.Builder
	o, err := obs.Setup(t.Context(), obs.Options{
		Service: "test", Version: "1.2.3", Stderr: &log, Getenv: func(k string) string { return vars[k] },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return o, &log
}

func scrape(t *testing.T, o *obs.Obs) string {
	t.Helper()
	rec := httptest.NewRecorder()
	o.Metrics.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("status %d", rec.Code)
	}
	return rec.Body.String()
}

func TestNothingSetMeansNoTracer(t *testing.T) {
	o, _ := setup(t, nil)
	if o.Tracing {
		t.Error("Tracing is on")
	}
	_, span := otel.Tracer("x").Start(t.Context(), "work")
	defer span.End()
	if span.IsRecording() || span.SpanContext().IsValid() {
		t.Error("a span is recorded")
	}
}

func TestTracingFollowsStandardVariables(t *testing.T) {
	for name, tc := range map[string]struct {
		vars map[string]string
		want bool
	}{
		"exporter none":        {map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, false},
		"sdk disabled":         {map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, false},
		"endpoint of traces":   {map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:9/v1/traces"}, true},
		"endpoint for metrics": {map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "", "OTEL_METRICS_EXPORTER": "none"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			if o, _ := setup(t, tc.vars); o.Tracing != tc.want {
				t.Errorf("Tracing = %v", o.Tracing)
			}
		})
	}
}

func TestSpansReachTheReceiver(t *testing.T) {
	var mu sync.Mutex
	var paths []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		paths = append(paths, r.URL.Path)
	}))
	defer receiver.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	o, _ := setup(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.URL, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"})
	if !o.Tracing {
		t.Fatal("Tracing is off")
	}
	_, span := otel.Tracer("x").Start(t.Context(), "work")
	span.End()
	if err := o.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(paths) != 1 || paths[0] != "/v1/traces" {
		t.Errorf("the receiver saw %v", paths)
	}
}

func TestMetricsCanBeScraped(t *testing.T) {
	o, _ := setup(t, nil)
	counter, err := otel.Meter("x").Int64Counter("nestbox.things", metric.WithUnit("{thing}"))
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(t.Context(), 3, metric.WithAttributes(attribute.String("kind", "good")))
	body := scrape(t, o)
	for _, want := range []string{
		`nestbox_things_total{kind="good"} 3`, "go_goroutines", "process_resident_memory_bytes",
		`target_info{service_name="test",service_version="1.2.3"`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in\n%s", want, body)
		}
	}
}

func TestLogCarriesTraceOfItsContext(t *testing.T) {
	o, log := setup(t, nil)
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, Remote: true})
	ctx := trace.ContextWithRemoteSpanContext(t.Context(), sc)
	o.Logger.With("a", 1).InfoContext(ctx, "hello")
	o.Logger.Info("no trace")
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if want := `"service":"test","a":1,"trace_id":"01000000000000000000000000000000","span_id":"0200000000000000"`; !strings.Contains(lines[0], want) {
		t.Errorf("got %s", lines[0])
	}
	if strings.Contains(lines[1], "trace_id") {
		t.Errorf("got %s", lines[1])
	}
}

func TestLogHidesSecrets(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		t.Run(format, func(t *testing.T) {
			o, log := setup(t, map[string]string{"NESTBOX_LOG_FORMAT": format})
			o.Logger.WithGroup("g").Info("x", "Token", "hunter2", slog.Group("request", "authorization", "hunter2"), "device_secret", []byte("hunter2"))
			if strings.Contains(log.String(), "hunter2") || strings.Count(log.String(), "[hidden]") != 3 {
				t.Errorf("got %s", log)
			}
		})
	}
}

func TestLogSettings(t *testing.T) {
	o, log := setup(t, map[string]string{"NESTBOX_LOG_FORMAT": "text", "NESTBOX_LOG_LEVEL": "warn"})
	o.Logger.Info("quiet")
	o.Logger.Warn("loud")
	if s := log.String(); strings.Contains(s, "quiet") || !strings.Contains(s, "level=WARN msg=loud service=test") {
		t.Errorf("got %s", s)
	}
	_, err := obs.Setup(t.Context(), obs.Options{Getenv: func(k string) string {
		return map[string]string{"NESTBOX_LOG_FORMAT": "xml", "NESTBOX_LOG_LEVEL": "loud"}[k]
	}})
	if want := "NESTBOX_LOG_LEVEL must be debug, info, warn or error\nNESTBOX_LOG_FORMAT must be json or text"; err == nil || err.Error() != want {
		t.Errorf("err = %v", err)
	}
}

func TestTelemetryErrorsAreLoggedOncePerMinute(t *testing.T) {
	_, log := setup(t, nil)
	for range 3 {
		otel.Handle(context.DeadlineExceeded)
	}
	if n := strings.Count(log.String(), `"msg":"telemetry"`); n != 1 {
		t.Errorf("%d lines: %s", n, log)
	}
}
