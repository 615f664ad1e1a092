package served_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// load is one camera that sends events, each with its picture, and tries again until both are answered, as the firmware does.
// Events lie 6 s apart in the time of the camera, which replays a queue.
type load struct {
	camera *camera
	seed   uint64
	begin  time.Time
	event  int
}

// run ends when stop is closed. While a program is gone the origin answers 502 and a database or Redis that is gone is 503; any
// other answer fails the test.
func (l *load) run(t *testing.T, kept *ledger, stop <-chan struct{}) {
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	// until repeats a call until it is answered with 200; false when the test is over.
	until := func(what string, call func() (hubtest.Answer, error)) (hubtest.Answer, bool) {
		for {
			select {
			case <-stop:
				return hubtest.Answer{}, false
			default:
			}
			a, err := call()
			if err == nil && a.Status == http.StatusOK {
				return a, true
			}
			if err == nil && a.Status != http.StatusBadGateway && a.Status != http.StatusServiceUnavailable {
				t.Errorf("%s: %d %s", what, a.Status, a.Body)
				return a, false
			}
			<-again.C
		}
	}
	for {
		eventID := fmt.Sprintf("e-%06d", l.event)
		a, ok := until("motion", func() (hubtest.Answer, error) {
			return l.camera.motion(eventID, l.begin.Add(time.Duration(l.event)*6*time.Second))
		})
		if !ok {
			return
		}
		kept.event(t, l.camera.id+" "+eventID, a)
		picture := frame(l.seed|uint64(l.event), 160, 120)
		if a, ok = until("upload", func() (hubtest.Answer, error) { return l.camera.upload(picture, "X-Event-ID", eventID) }); !ok {
			return
		}
		kept.picture(t, eventID, picture, a)
		l.event++
		if _, ok = until("heartbeat", l.camera.beat); !ok {
			return
		}
		if l.event%10 == 0 {
			if _, ok = until("register", func() (hubtest.Answer, error) { return l.camera.register() }); !ok {
				return
			}
		}
	}
}

// TestKilledProgramsLoseNothingThatWasAnswered kills every program, Redis and Postgres in turn under the load of 20 cameras.
func TestKilledProgramsLoseNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{ownPostgres: true})
	kept := newLedger()
	stop := make(chan struct{})
	var running sync.WaitGroup
	for i := range 20 {
		l := &load{camera: w.newCamera(i).enrol(t), seed: uint64(i) << 32, begin: time.Now().Add(-30 * 24 * time.Hour)}
		running.Go(func() { l.run(t, kept, stop) })
	}
	grows := func(by int) {
		t.Helper()
		before := kept.count()
		hubtest.Eventually(t, time.Minute, "the load goes on", func() bool { return kept.count() >= before+by || t.Failed() })
	}
	grows(40)
	for round := range 2 {
		for i, s := range w.started {
			grows(15 + 7*round + 3*i) // each is killed elsewhere in what the cameras do
			s.kill()
			s.start()
			s.awaitReady("ready")
		}
		grows(15)
		w.redis.Kill()
		w.redis.Start()
		grows(15)
		w.server.Kill()
		w.server.Start()
	}
	grows(40)
	close(stop)
	running.Wait()

	// What a killed media left half done is finished by the next start, which has nothing else to do.
	w.media.kill()
	w.media.start()
	w.media.awaitReady("ready")
	op := w.login().script()
	kept.verify(t, op)
	mustAgree(t, w, op)
}
