package httpx

import (
	"context"
	"maps"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

const scopeName = "home.arpa/nestbox/services/internal/platform/httpx"

// requestKey are the labels of a request. All three are bounded: route templates,
// known methods, status codes that we write.
type requestKey struct {
	route  string
	method string
	status int
}

// metrics is http.server.request.duration in seconds and
// http.server.active_requests, as OpenTelemetry names them.
type metrics struct {
	duration metric.Float64Histogram
	active   atomic.Int64

	// sets has the attributes of each key that was seen. It is copied on write, as
	// it is read by each request and grows a few dozen times in the life of a process.
	sets atomic.Pointer[map[requestKey][]metric.RecordOption]
	mu   sync.Mutex
}

// newMetrics makes the instruments on the meter provider that is installed now or
// will be; without one, recording does nothing.
func newMetrics() *metrics {
	meter := otel.Meter(scopeName)
	m := &metrics{}
	m.sets.Store(&map[requestKey][]metric.RecordOption{})
	// The errors are about names that do not fit the rules; these do.
	m.duration, _ = meter.Float64Histogram("http.server.request.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of HTTP server requests."),
		metric.WithExplicitBucketBoundaries(.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10))
	_, _ = meter.Int64ObservableUpDownCounter("http.server.active_requests",
		metric.WithUnit("{request}"), metric.WithDescription("Number of active HTTP server requests."),
		metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
			o.Observe(m.active.Load())
			return nil
		}))
	return m
}

func (m *metrics) record(ctx context.Context, key requestKey, took time.Duration) {
	options, ok := (*m.sets.Load())[key]
	if !ok {
		options = m.add(key)
	}
	m.duration.Record(ctx, took.Seconds(), options...)
}

// add keeps the attributes of a key for the next time. A method that we do not
// know is not kept under its own name: callers could fill the memory with names.
func (m *metrics) add(key requestKey) []metric.RecordOption {
	key.method = boundedMethod(key.method)
	m.mu.Lock()
	defer m.mu.Unlock()
	old := *m.sets.Load()
	if options, ok := old[key]; ok {
		return options
	}
	attrs := []attribute.KeyValue{
		attribute.String("http.request.method", key.method),
		attribute.Int("http.response.status_code", key.status),
	}
	if key.route != "" {
		attrs = append(attrs, attribute.String("http.route", key.route))
	}
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attrs...))}
	next := maps.Clone(old)
	next[key] = options
	m.sets.Store(&next)
	return options
}

// boundedMethod returns the method when it is one that the semantic conventions
// name, else "_OTHER".
func boundedMethod(method string) string {
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
		http.MethodHead, http.MethodOptions, http.MethodConnect, http.MethodTrace:
		return method
	}
	return "_OTHER"
}
