package httpx

import (
	"context"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"home.arpa/nestbox/services/internal/platform/fault"
)

var errNoAnswer = fault.New(fault.Unavailable, "no answer in time")

// probe runs one check, at most one at a time, and keeps its result for a moment.
type probe struct {
	check Check
	now   func() time.Time

	mu      sync.Mutex
	running chan struct{} // closed when the present run ends; nil when none runs
	at      time.Time     // when err was learned; zero for never
	err     error
}

// ask returns the result of a run that is new enough, starting one when there is
// none. A probe that ignores its context delays nobody and is not started again
// before it returns.
func (p *probe) ask(ctx context.Context) error {
	p.mu.Lock()
	if p.running == nil {
		if !p.at.IsZero() && p.now().Sub(p.at) < probeKeep {
			defer p.mu.Unlock()
			return p.err
		}
		p.running = make(chan struct{})
		go p.run(context.WithoutCancel(ctx), p.running)
	}
	running := p.running
	p.mu.Unlock()

	timer := time.NewTimer(probeTimeout + probeTimeout/10)
	defer timer.Stop()
	select {
	case <-running:
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.err
	case <-timer.C:
		return errNoAnswer
	}
}

// run outlives a caller who hangs up: others may wait for the same answer.
func (p *probe) run(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	err := p.check.Probe(ctx)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err, p.at, p.running = err, p.now(), nil
	close(done)
}

// observeDependencies publishes nestbox.dependency.up, 1 or 0 per check. Reading
// the metrics asks the checks, so it is true without anyone asking /readyz.
func observeDependencies(h *Health) {
	if len(h.probes) == 0 {
		return
	}
	options := make([]metric.ObserveOption, len(h.probes))
	for i, p := range h.probes {
		options[i] = metric.WithAttributeSet(attribute.NewSet(attribute.String("dependency", p.check.Name)))
	}
	// The error is about names that do not fit the rules; this one does.
	_, _ = otel.Meter(scopeName).Int64ObservableGauge("nestbox.dependency.up",
		metric.WithDescription("Whether a dependency answers: 1 up, 0 down."),
		metric.WithInt64Callback(func(ctx context.Context, o metric.Int64Observer) error {
			report := h.Report(ctx)
			for i, p := range h.probes {
				up := int64(0)
				if report.Checks[p.check.Name].Status == statusUp {
					up = 1
				}
				o.Observe(up, options[i])
			}
			return nil
		}))
}
