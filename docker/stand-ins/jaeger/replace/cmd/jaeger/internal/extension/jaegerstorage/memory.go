package jaegerstorage

import (
	"context"
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/component"

	"github.com/jaegertracing/jaeger/internal/metrics"
	"github.com/jaegertracing/jaeger/internal/storage/v1"
	v1memory "github.com/jaegertracing/jaeger/internal/storage/v1/memory"
	"github.com/jaegertracing/jaeger/internal/storage/v2/api/tracestore"
	"github.com/jaegertracing/jaeger/internal/storage/v2/memory"
	"github.com/jaegertracing/jaeger/internal/telemetry"
)

// Config has the one kind of store that the lab uses.
type Config struct {
	Backends map[string]struct {
		Memory v1memory.Configuration `mapstructure:"memory"`
	} `mapstructure:"backends"`
}

type storageExt struct {
	config *Config
	telset component.TelemetrySettings
	stores map[string]tracestore.Factory
}

func newStorageExt(config *Config, telset component.TelemetrySettings) *storageExt {
	return &storageExt{config: config, telset: telset, stores: map[string]tracestore.Factory{}}
}

// Start makes the stores of the configuration.
func (s *storageExt) Start(_ context.Context, host component.Host) error {
	for name, backend := range s.config.Backends {
		telset := telemetry.FromOtelComponent(s.telset, host)
		telset.Metrics = telset.Metrics.Namespace(metrics.NSOptions{Name: "jaeger_storage", Tags: map[string]string{"name": name}})
		store, err := memory.NewFactory(backend.Memory, telset)
		if err != nil {
			return fmt.Errorf("make storage %s: %w", name, err)
		}
		s.stores[name] = store
	}
	return nil
}

// Shutdown has nothing to close.
func (s *storageExt) Shutdown(context.Context) error { return nil }

// GetTraceStoreFactory finds a store by its name in the configuration.
func GetTraceStoreFactory(name string, host component.Host) (tracestore.Factory, error) {
	for _, extension := range host.GetExtensions() {
		if s, ok := extension.(*storageExt); ok && s.stores[name] != nil {
			return s.stores[name], nil
		}
	}
	return nil, fmt.Errorf("there is no storage %s", name)
}

// GetMetricStorageFactory always fails.
func GetMetricStorageFactory(string, component.Host) (storage.MetricStoreFactory, error) {
	return nil, errors.New("this build stores no metrics")
}
