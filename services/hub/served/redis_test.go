package served_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// tally counts the answers of one kind of request by status; 0 is no answer.
type tally struct {
	mu    sync.Mutex
	count map[int]int
	odd   string // the last answer that was none of the usual
	slow  time.Duration
}

func (y *tally) add(a hubtest.Answer, err error, usual ...int) {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.count == nil {
		y.count = map[int]int{}
	}
	y.count[a.Status]++
	y.slow = max(y.slow, a.Took)
	for _, s := range usual {
		if err == nil && a.Status == s {
			return
		}
	}
	y.odd = fmt.Sprintf("%d %s %v", a.Status, a.Body, err)
}

func (y *tally) of(status int) int {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.count[status]
}

// TestRedisGoneLosesNothingAndHeals kills Redis under load and starts an empty one, and then freezes it.
func TestRedisGoneLosesNothingAndHeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{})
	op := w.login()
	cameras := make([]*camera, 8)
	for i := range cameras {
		cameras[i] = w.newCamera(i).enrol(t)
	}
	revoked := w.newCamera(100).enrol(t)
	if a, err := revoked.beat(); err != nil || a.Status != http.StatusOK { // telemetry has seen it
		t.Fatalf("%d %v", a.Status, err)
	}
	op.do(http.MethodPost, "/api/devices/"+revoked.id+"/revoke", nil).Want(t, http.StatusOK)
	hubtest.Eventually(t, within, "the revoked camera is refused", hubtest.Answers(http.StatusUnauthorized, revoked.beat))

	var beats, motions, uploads, sessions tally
	var sent atomic.Int64
	stop := make(chan struct{})
	var running sync.WaitGroup
	for i, c := range cameras {
		running.Go(func() {
			begin := time.Now().Add(-24 * time.Hour)
			for n := 0; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				a, err := c.beat()
				beats.add(a, err, http.StatusOK)
				a, err = c.motion(fmt.Sprintf("e-%d", n), begin.Add(time.Duration(n)*6*time.Second))
				motions.add(a, err, http.StatusOK)
				if err == nil && a.Status == http.StatusOK {
					sent.Add(1)
				}
				a, err = c.upload(frame(uint64(i)<<32|uint64(n), 64, 48))
				uploads.add(a, err, http.StatusOK, http.StatusServiceUnavailable)
				if a.Status == http.StatusServiceUnavailable && !a.Retries() {
					t.Errorf("a refused picture has no Retry-After: %v", a.Header)
				}
				for _, page := range pages {
					a, err = op.try(http.MethodGet, page, nil)
					sessions.add(a, err, http.StatusOK, http.StatusServiceUnavailable)
				}
			}
		})
	}
	loaded := func(what string) {
		t.Helper()
		b, m, refused := beats.of(http.StatusOK), motions.of(http.StatusOK), uploads.of(http.StatusServiceUnavailable)
		hubtest.Eventually(t, 30*time.Second, what+": beats and motion go on, pictures are refused", func() bool {
			return beats.of(http.StatusOK) > b+50 && motions.of(http.StatusOK) > m+50 && uploads.of(http.StatusServiceUnavailable) > refused+10
		})
		for _, s := range w.started {
			s.awaitReady("degraded")
			status, r := s.ready()
			if status != http.StatusOK || r.Status != "degraded" || r.Checks["redis"].Status != "down" || r.Checks["redis"].Detail == "" {
				t.Errorf("%s: %s: /readyz %d %+v, want 200 degraded and why", what, s.name, status, r)
			}
			if up := s.metric(t, `nestbox_dependency_up\{[^}]*dependency="redis"[^}]*\}`); up != 0 {
				t.Errorf("%s: %s: Redis is up in the metrics", what, s.name)
			}
		}
		if a, err := revoked.beat(); err != nil || a.Status != http.StatusUnauthorized {
			t.Errorf("%s: a camera known to be revoked: %d %v, want 401", what, a.Status, err)
		}
	}
	healed := func(what string) {
		t.Helper()
		begin := time.Now()
		hubtest.Eventually(t, 30*time.Second, what+": pictures are taken again", hubtest.Answers(http.StatusOK, func() (hubtest.Answer, error) {
			return cameras[0].upload(frame(1<<40, 64, 48))
		}))
		for service, page := range pages {
			hubtest.Eventually(t, 30*time.Second, what+": the session works at "+service, hubtest.Answers(http.StatusOK, func() (hubtest.Answer, error) {
				return op.try(http.MethodGet, page, nil)
			}))
		}
		t.Logf("%s: all is as before %v after Redis was back", what, time.Since(begin).Round(time.Millisecond))
		for _, s := range w.started {
			s.awaitReady("ready")
		}
		hubtest.Eventually(t, 30*time.Second, what+": a revoked camera is refused", hubtest.Answers(http.StatusUnauthorized, revoked.beat))
	}

	hubtest.Eventually(t, 30*time.Second, "load", func() bool { return uploads.of(http.StatusOK) > 20 })
	w.redis.Kill()
	loaded("killed")
	w.redis.Start()
	healed("started empty")
	w.redis.Freeze()
	loaded("frozen")
	w.redis.Thaw()
	healed("thawed")
	close(stop)
	running.Wait()

	for name, y := range map[string]*tally{"beats": &beats, "motions": &motions, "uploads": &uploads, "sessions": &sessions} {
		t.Logf("%s: %v, slowest %v", name, y.count, y.slow.Round(time.Millisecond))
		if y.odd != "" {
			t.Errorf("%s: an answer was %s", name, y.odd)
		}
		if y.slow > 2*time.Second {
			t.Errorf("%s: the slowest took %v", name, y.slow)
		}
	}
	if stored := len(op.all("/api/events", "events", "kind=motion")); stored != int(sent.Load()) {
		t.Errorf("%d events were taken and %d are there", sent.Load(), stored)
	}
	for _, e := range op.all("/api/events", "events", "kind=presence") {
		if state := e["detail"].(map[string]any)["state"]; state == "offline" {
			t.Errorf("a camera that never stopped was called offline: %v", e)
		}
	}
}
