package obs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
)

// Options say who is observed.
type Options struct {
	// Service and Version name the process in logs, metrics and traces.
	Service string
	Version string
	// Getenv looks up NESTBOX_LOG_* and decides by OTEL_* what is switched on. The
	// exporters themselves read the process environment, as their specification
	// says. Nil finds nothing.
	Getenv func(string) string
	// Stderr receives the log. Nil discards it.
	Stderr io.Writer
}

// Obs is a process that can be observed.
type Obs struct {
	// Logger writes to Options.Stderr. It adds trace_id and span_id from the context
	// of a call, and hides values whose key says that they are secret.
	Logger *slog.Logger
	// Metrics answers a Prometheus scrape.
	Metrics http.Handler
	// Tracing is true when spans are exported: only then are hooks worth installing.
	Tracing bool

	stops []func(context.Context) error // in the order in which things were started
}

// Setup installs the W3C propagator, the meter provider and, when the environment
// asks for it, the tracer provider as the global ones. Call it once, before anything
// that makes instruments, and Stop at the very end.
func Setup(ctx context.Context, o Options) (_ *Obs, err error) {
	getenv := o.Getenv
	if getenv == nil {
		getenv = func(string) string { return "" }
	}
	stderr := o.Stderr
	if stderr == nil {
		stderr = io.Discard
	}
	logger, err := newLogger(stderr, getenv, o.Service)
	if err != nil {
		return nil, err
	}
	obs := &Obs{Logger: logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, obs.Stop(ctx))
		}
	}()
	otel.SetErrorHandler(newErrorHandler(logger))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	res, err := describeProcess(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := obs.startMetrics(ctx, getenv, res); err != nil {
		return nil, fmt.Errorf("set up metrics: %w", err)
	}
	if tracingWanted(getenv) {
		if err := obs.startTracing(ctx, res); err != nil {
			return nil, fmt.Errorf("set up tracing: %w", err)
		}
	}
	return obs, nil
}

// Stop sends what is not sent yet and ends the exporters, the last started first. It
// gives up when ctx ends.
func (o *Obs) Stop(ctx context.Context) error {
	var errs []error
	for _, stop := range slices.Backward(o.stops) {
		errs = append(errs, stop(ctx))
	}
	o.stops = nil
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("flush telemetry: %w", err)
	}
	return nil
}

// describeProcess names the process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES
// win over what the program says.
func describeProcess(ctx context.Context, o Options) (*resource.Resource, error) {
	res, err := resource.New(ctx,
		resource.WithAttributes(
			attribute.String("service.name", o.Service), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(),
		resource.WithFromEnv(),
	)
	if err != nil && !errors.Is(err, resource.ErrPartialResource) {
		return nil, fmt.Errorf("read OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	return res, nil
}
