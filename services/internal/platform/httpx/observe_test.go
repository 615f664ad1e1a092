package httpx_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

type actor string

func (a actor) LogValue() slog.Value { return slog.StringValue("device " + string(a)) }

func TestOneLogLinePerRequest(t *testing.T) {
	t.Parallel()
	e, log := setup(t, httpx.Options{})
	e.GET("/api/things/:id", func(c *gin.Context) {
		c.Set(httpx.KeyActor, actor("AA:BB"))
		switch c.Param("id") {
		case "away":
			httpx.Fail(c, fault.Wrap(errors.New("dial redis"), fault.Unavailable, "Away."))
		case "broken":
			httpx.Fail(c, errors.New("scan row"))
		case "wrong":
			httpx.Fail(c, fault.New(fault.Invalid, "Wrong."))
		}
	})
	for _, tc := range []struct {
		id, level, err string
		status         float64
	}{
		{"good", "DEBUG", "", 200},
		{"wrong", "DEBUG", "Wrong.", 400},
		{"away", "WARN", "Away.: dial redis", 503},
		{"broken", "ERROR", "scan row", 500},
	} {
		before := len(log.lines(t))
		serve(t, e, http.MethodGet, "/api/things/"+tc.id+"?token=hunter2", "", "Authorization", "Bearer hunter2", "X-Request-Id", "r1", "Cookie", "a=hunter2")
		lines := log.lines(t)[before:]
		if len(lines) != 1 {
			t.Fatalf("%s: %d lines", tc.id, len(lines))
		}
		r := lines[0]
		err, _ := r["error"].(string)
		if r["level"] != tc.level || r["status"] != tc.status || err != tc.err || r["request_id"] != "r1" ||
			r["route"] != "/api/things/:id" || r["method"] != "GET" || r["client"] != "192.0.2.1" || r["actor"] != "device AA:BB" {
			t.Errorf("%s: logged %v", tc.id, r)
		}
	}
	if s := log.String(); strings.Contains(s, "hunter2") || strings.Contains(s, "/api/things/good") {
		t.Errorf("the log has what it must not have: %s", s)
	}
}

func TestTraceOfCallerIsContinued(t *testing.T) {
	const header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	spans := tracetest.NewSpanRecorder()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() {
		otel.SetTracerProvider(before)
		_ = provider.Shutdown(context.Background())
	})
	for _, tracing := range []bool{false, true} {
		e, _ := setup(t, httpx.Options{Service: "test", Tracing: tracing})
		var got trace.SpanContext
		e.GET("/x/:id", func(c *gin.Context) { got = trace.SpanContextFromContext(c.Request.Context()) })
		serve(t, e, http.MethodGet, "/x/1", "", "traceparent", header)
		if got.TraceID().String() != "0af7651916cd43dd8448eb211c80319c" || !got.IsSampled() {
			t.Errorf("tracing %v: the handler is in trace %v", tracing, got)
		}
		serve(t, e, http.MethodGet, "/x/1", "", "traceparent", "garbage")
		if !tracing && got.IsValid() {
			t.Errorf("a trace out of garbage: %v", got)
		}
	}
	ended := spans.Ended()
	if len(ended) != 2 || ended[0].Name() != "GET /x/:id" || ended[0].Parent().SpanID().String() != "b7ad6b7169203331" {
		t.Errorf("spans: %v", ended)
	}
}

func TestMetricsHaveBoundedLabels(t *testing.T) {
	reader := sdkmetric.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	t.Cleanup(func() { otel.SetMeterProvider(before) })
	e, _ := setup(t, httpx.Options{})
	e.GET("/x/:id", func(c *gin.Context) { c.Status(http.StatusNoContent) })
	for _, r := range []struct{ method, path string }{
		{"GET", "/x/1"}, {"GET", "/x/2"}, {"BREW", "/y"}, {"STEEP", "/z"}, {"POST", "/x/1"},
	} {
		serve(t, e, r.method, r.path, "")
	}
	var rm metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	got := map[string]uint64{}
	active := int64(-1)
	for _, m := range rm.ScopeMetrics[0].Metrics {
		switch d := m.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range d.DataPoints {
				got[p.Attributes.Encoded(attribute.DefaultEncoder())] = p.Count
			}
		case metricdata.Sum[int64]:
			active = d.DataPoints[0].Value
		}
	}
	want := map[string]uint64{
		"http.request.method=GET,http.response.status_code=204,http.route=/x/:id": 2,
		"http.request.method=_OTHER,http.response.status_code=404":                2,
		"http.request.method=POST,http.response.status_code=405":                  1,
	}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%s: %d, want %d", k, got[k], n)
		}
	}
	if len(got) != len(want) || active != 0 {
		t.Errorf("got %v, active %d", got, active)
	}
}
