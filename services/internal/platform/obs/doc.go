// Package obs sets up what a process tells about itself: a slog logger that knows
// the trace of its context, Prometheus metrics, and OpenTelemetry traces when one of
// the standard OTEL_* variables names a receiver.
//
// It owns the global OpenTelemetry providers and one function that flushes them. It
// refuses to know what is measured: instruments live beside what they measure.
//
// Variables:
//
//	NESTBOX_LOG_LEVEL   debug, info (default), warn or error
//	NESTBOX_LOG_FORMAT  json (default) or text
//	OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT
//	                    any of them switches tracing on; without, no tracer is
//	                    installed and a span costs nothing
//	OTEL_METRICS_EXPORTER, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT
//	                    any of them pushes the metrics too; /metrics is always there.
//	                    OTEL_EXPORTER_OTLP_ENDPOINT alone does not: most
//	                    receivers of traces take no metrics
//	OTEL_SDK_DISABLED   true: neither traces nor pushed metrics
//	OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER, OTEL_BSP_*,
//	OTEL_EXPORTER_OTLP_* as the OpenTelemetry specification says
package obs
