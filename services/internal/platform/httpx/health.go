package httpx

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	probeTimeout = time.Second
	// probeKeep is how long the result of a probe is believed, so that a storm of
	// questions does not become a storm on the database.
	probeKeep = 500 * time.Millisecond
)

// Check is a question about a dependency.
type Check struct {
	// Name is the dependency, like "postgres". It is a label of a metric.
	Name string
	// Critical dependencies make the service unready when they are down, others
	// only degraded: it goes on answering without them.
	Critical bool
	// Probe returns nil when the dependency answers. It has 1 s. Its error is shown
	// on the ops port; a *fault.Error shows its message only.
	Probe func(ctx context.Context) error
}

// Status of the service in /readyz.
const (
	StatusReady    = "ready"
	StatusDegraded = "degraded"
	StatusUnready  = "unready"
	StatusDraining = "draining"

	statusUp   = "up"
	statusDown = "down"
)

// Report is the answer of /readyz.
type Report struct {
	Status string                 `json:"status"`
	Checks map[string]CheckReport `json:"checks"`
}

// CheckReport is one dependency in a Report.
type CheckReport struct {
	Status   string `json:"status"` // up or down
	Critical bool   `json:"critical"`
	Detail   string `json:"detail,omitempty"` // why it is down
}

// Health answers two questions. Alive: am I stuck, so that a restart would help?
// It asks no dependency. Ready: can I serve? It is safe for concurrent use.
type Health struct {
	probes   []*probe
	draining atomic.Bool

	mu      sync.Mutex
	watches []*watch
	now     func() time.Time
	start   time.Time
}

// NewHealth returns a Health over the given checks, which also appear as the
// metric nestbox.dependency.up.
func NewHealth(checks ...Check) *Health {
	h := &Health{now: time.Now, start: time.Now()}
	for _, c := range checks {
		h.probes = append(h.probes, &probe{check: c, now: time.Now})
	}
	observeDependencies(h)
	return h
}

// Drain makes the service unready for good; the server calls it first when it stops.
func (h *Health) Drain() { h.draining.Store(true) }

// Report asks all checks, in parallel, and returns within about a second whatever they do.
func (h *Health) Report(ctx context.Context) Report {
	r := Report{Status: StatusReady, Checks: make(map[string]CheckReport, len(h.probes))}
	results := make([]error, len(h.probes))
	var wg sync.WaitGroup
	for i, p := range h.probes {
		wg.Go(func() { results[i] = p.ask(ctx) })
	}
	wg.Wait()
	for i, p := range h.probes {
		cr := CheckReport{Status: statusUp, Critical: p.check.Critical}
		if err := results[i]; err != nil {
			cr.Status, cr.Detail = statusDown, detailOf(err)
			if p.check.Critical {
				r.Status = StatusUnready
			} else if r.Status == StatusReady {
				r.Status = StatusDegraded
			}
		}
		r.Checks[p.check.Name] = cr
	}
	if h.draining.Load() {
		r.Status = StatusDraining
	}
	return r
}

func (h *Health) serveReady(w http.ResponseWriter, r *http.Request) {
	report := h.Report(r.Context())
	status := http.StatusOK
	if report.Status == StatusUnready || report.Status == StatusDraining {
		status = http.StatusServiceUnavailable
	}
	writeReport(w, status, report)
}

func detailOf(err error) string {
	if f := fault.From(err); f != nil {
		return f.Message
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}
