package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

func up(context.Context) error { return nil }

func down(context.Context) error {
	return fault.Wrap(errors.New("dial 10.0.0.7: refused"), fault.Unavailable, "Redis does not answer.")
}

func ready(t *testing.T, h *Health) (int, Report) {
	t.Helper()
	rec := httptest.NewRecorder()
	OpsHandler(h, nil).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	var r Report
	if err := json.Unmarshal(rec.Body.Bytes(), &r); err != nil {
		t.Fatalf("%v in %s", err, rec.Body)
	}
	if strings.Contains(rec.Body.String(), "10.0.0.7") {
		t.Errorf("the cause is shown: %s", rec.Body)
	}
	return rec.Code, r
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		checks []Check
		status int
		want   string
	}{
		{"without checks", nil, 200, StatusReady},
		{"all up", []Check{{"redis", false, up}, {"postgres", true, up}}, 200, StatusReady},
		{"helper down", []Check{{"redis", false, down}, {"postgres", true, up}}, 200, StatusDegraded},
		{"critical down", []Check{{"postgres", true, down}, {"redis", false, down}}, 503, StatusUnready},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			code, r := ready(t, NewHealth(tc.checks...))
			if code != tc.status || r.Status != tc.want || len(r.Checks) != len(tc.checks) {
				t.Errorf("%d %+v", code, r)
			}
		})
	}
	_, r := ready(t, NewHealth(Check{"redis", false, down}))
	if want := (CheckReport{"down", false, "Redis does not answer."}); r.Checks["redis"] != want {
		t.Errorf("got %+v", r.Checks["redis"])
	}
}

func TestDrainedServiceIsNotReadyButAlive(t *testing.T) {
	t.Parallel()
	h := NewHealth(Check{"postgres", true, up})
	h.Drain()
	if code, r := ready(t, h); code != http.StatusServiceUnavailable || r.Status != StatusDraining {
		t.Errorf("%d %+v", code, r)
	}
	rec := httptest.NewRecorder()
	OpsHandler(h, nil).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/livez", nil))
	if rec.Code != http.StatusOK {
		t.Errorf("livez: %d", rec.Code)
	}
}

func TestProbeResultIsKeptForAMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		h := NewHealth(Check{"postgres", true, func(context.Context) error { asked.Add(1); return nil }})
		for range 5 {
			ready(t, h)
		}
		if n := asked.Load(); n != 1 {
			t.Errorf("asked %d times at once", n)
		}
		time.Sleep(probeKeep)
		ready(t, h)
		if n := asked.Load(); n != 2 {
			t.Errorf("asked %d times after a while", n)
		}
	})
}

func TestProbeThatHangsDelaysNobodyAndRunsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var running atomic.Int32
		release := make(chan struct{})
		h := NewHealth(Check{"postgres", true, func(context.Context) error {
			running.Add(1)
			<-release // deaf to its context
			return nil
		}})
		start := time.Now()
		for range 3 {
			if code, r := ready(t, h); code != http.StatusServiceUnavailable || r.Checks["postgres"].Detail != "no answer in time" {
				t.Errorf("%d %+v", code, r)
			}
		}
		if took := time.Since(start); took > 4*probeTimeout || running.Load() != 1 {
			t.Errorf("took %v, %d running", took, running.Load())
		}
		close(release)
		synctest.Wait()
		if code, _ := ready(t, h); code != http.StatusOK {
			t.Errorf("after it came back: %d", code)
		}
	})
}

func TestAskerWhoHangsUpDoesNotSpoilTheAnswer(t *testing.T) {
	t.Parallel()
	h := NewHealth(Check{"postgres", true, func(ctx context.Context) error { return ctx.Err() }})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := h.Report(ctx); r.Status != StatusReady {
		t.Errorf("%+v", r)
	}
}

func TestLoopThatIsStuckIsNotAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHealth()
		beat := h.Watch("sweeper", 10*time.Second)
		live := func() (int, string) {
			rec := httptest.NewRecorder()
			OpsHandler(h, nil).ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/livez", nil))
			return rec.Code, strings.TrimSpace(rec.Body.String())
		}
		time.Sleep(10 * time.Second)
		if code, body := live(); code != http.StatusOK || body != `{"status":"alive"}` {
			t.Errorf("at the limit: %d %s", code, body)
		}
		time.Sleep(time.Second)
		if code, body := live(); code != http.StatusServiceUnavailable || body != `{"status":"stuck","stuck":{"sweeper":"no turn for 11s"}}` {
			t.Errorf("beyond: %d %s", code, body)
		}
		beat()
		if code, _ := live(); code != http.StatusOK {
			t.Errorf("after a turn: %d", code)
		}
	})
}

func TestOpsAnswersNothingElse(t *testing.T) {
	t.Parallel()
	metrics := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("up 1\n")) })
	ops := OpsHandler(NewHealth(), metrics)
	for target, want := range map[string]int{
		"GET /metrics": 200, "GET /livez": 200, "GET /readyz": 200,
		"POST /readyz": 405, "GET /": 404, "GET /debug/pprof/": 404, "GET /metrics/x": 404,
	} {
		method, path, _ := strings.Cut(target, " ")
		rec := httptest.NewRecorder()
		ops.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), method, path, nil))
		if rec.Code != want {
			t.Errorf("%s: %d", target, rec.Code)
		}
	}
}
