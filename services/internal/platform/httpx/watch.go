package httpx

import (
	"net/http"
	"sync/atomic"
	"time"
)

// watch is a loop that must come round.
type watch struct {
	name  string
	limit time.Duration
	last  atomic.Int64 // the last beat, ns since Health.start
}

// Watch makes /livez fail when beat is not called for longer than limit: the loop
// that should call it is stuck and only a restart helps. It counts from now. Give
// limit several times the period of the loop, with what its slowest turn may take.
func (h *Health) Watch(name string, limit time.Duration) (beat func()) {
	w := &watch{name: name, limit: limit}
	w.last.Store(h.elapsed())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.watches = append(h.watches, w)
	return func() { w.last.Store(h.elapsed()) }
}

// elapsed runs on the monotonic clock: a Pi without a battery clock jumps by years
// when it learns the time, and nothing is stuck because of it.
func (h *Health) elapsed() int64 { return int64(h.now().Sub(h.start)) }

type liveReport struct {
	Status string            `json:"status"` // alive or stuck
	Stuck  map[string]string `json:"stuck,omitempty"`
}

func (h *Health) serveLive(w http.ResponseWriter, _ *http.Request) {
	report := liveReport{Status: "alive"}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.elapsed()
	for _, loop := range h.watches {
		quiet := time.Duration(now - loop.last.Load())
		if quiet <= loop.limit {
			continue
		}
		if report.Stuck == nil {
			report.Status, report.Stuck = "stuck", make(map[string]string)
		}
		report.Stuck[loop.name] = "no turn for " + quiet.Round(time.Second).String()
	}
	status := http.StatusOK
	if report.Stuck != nil {
		status = http.StatusServiceUnavailable
	}
	writeReport(w, status, report)
}
