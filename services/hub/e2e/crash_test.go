package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/hubtest"
)

// promises is what the hub answered with 200.
type promises struct {
	mu       sync.Mutex
	events   map[string]string // device and event id to occurred_at
	pictures map[string][]byte // picture id to its bytes
}

// load sends events and pictures of one camera until the hub is gone. Events lie 5 s apart in the time of the camera, which
// replays a queue. An event with its picture is sent again after the next start unless both were answered, as the firmware does.
type load struct {
	camera *camera
	event  int    // number of the next event and of its picture
	seed   uint64 // of its pictures
	begin  time.Time
}

// run stops at the first request that got no answer, and fails the test on an answer other than 200.
func (l *load) run(t *testing.T, kept *promises) {
	for {
		eventID := fmt.Sprintf("e-%06d", l.event)
		a, err := l.camera.motion(eventID, l.begin.Add(time.Duration(l.event)*6*time.Second))
		if err != nil {
			return
		}
		if a.Status != http.StatusOK {
			t.Errorf("motion: %d %s", a.Status, a.Body)
			return
		}
		kept.mu.Lock()
		at, _ := a.JSON["occurred_at"].(string)
		if before, twice := kept.events[l.camera.id+" "+eventID]; twice && before != at {
			t.Errorf("event %s was answered with %s and then with %s", eventID, before, at)
		}
		kept.events[l.camera.id+" "+eventID] = at
		kept.mu.Unlock()

		picture := frame(l.seed|uint64(l.event), 160, 120)
		if a, err = l.camera.upload(picture, "X-Event-ID", eventID); err != nil {
			return
		}
		sum := sha256.Sum256(picture)
		if a.Status != http.StatusOK || a.JSON["sha256"] != hex.EncodeToString(sum[:]) {
			t.Errorf("upload: %d %s", a.Status, a.Body)
			return
		}
		kept.mu.Lock()
		kept.pictures[a.JSON["picture_id"].(string)] = picture
		kept.mu.Unlock()
		l.event++

		if _, err = l.camera.beat(); err != nil {
			return
		}
	}
}

func TestKillTwentyTimesLosesNothingThatWasAnswered(t *testing.T) {
	t.Parallel()
	const rounds, cameras = 20, 4
	dir := t.TempDir()
	kept := &promises{events: map[string]string{}, pictures: map[string][]byte{}}
	loads := make([]*load, cameras)
	for i := range loads {
		loads[i] = &load{seed: uint64(i) << 32, begin: time.Now().Add(-30 * 24 * time.Hour)}
	}

	for round := range rounds {
		h := start(t, dir, "NESTBOX_ENROLMENT=open")
		before := kept.count()
		var running sync.WaitGroup
		for i, l := range loads {
			if l.camera == nil {
				l.camera = h.newCamera(i)
				l.camera.enrol(t)
			}
			l.camera.url = h.url
			running.Go(func() { l.run(t, kept) })
		}
		// Each round is killed elsewhere: after so many more answers, in the middle of what four cameras do then.
		hubtest.Eventually(t, time.Minute, "the hub takes the load", func() bool { return kept.count() >= before+20+7*round || t.Failed() })
		h.kill()
		running.Wait()
		if t.Failed() {
			return
		}
	}

	h := start(t, dir, "NESTBOX_ENROLMENT=open")
	op := h.operator()
	kept.verify(t, op)
	t.Logf("%d events and %d pictures were answered", len(kept.events), len(kept.pictures))
	h.stop()
	mustAgree(t, dir)
}

func (p *promises) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events) + len(p.pictures)
}

// verify looks every promise up.
func (p *promises) verify(t *testing.T, op *operator) {
	t.Helper()
	seen := map[string]int{}
	for _, e := range op.all("/api/events", "events", "kind=motion") {
		key := fmt.Sprint(e["device_id"], " ", e["event_id"])
		seen[key]++
		if want, promised := p.events[key]; promised && e["occurred_at"] != want {
			t.Errorf("event %s has %v, was answered with %s", key, e["occurred_at"], want)
		}
	}
	for key := range p.events {
		if seen[key] != 1 {
			t.Errorf("event %s is there %d times", key, seen[key])
		}
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("event %s is there %d times", key, n)
		}
	}
	listed, sums := map[string]bool{}, map[any]bool{}
	for _, picture := range op.all("/api/pictures", "pictures", "") {
		listed[picture["picture_id"].(string)] = true
		if sums[picture["sha256"]] {
			t.Errorf("picture %v is there twice", picture["sha256"])
		}
		sums[picture["sha256"]] = true
	}
	for id, want := range p.pictures {
		if !listed[id] {
			t.Errorf("picture %s is not in the list", id)
			continue
		}
		if got := op.do(http.MethodGet, "/api/pictures/"+id+"/image", nil); got.Status != http.StatusOK || !bytes.Equal(got.Body, want) {
			t.Errorf("picture %s: status %d, %d bytes, want %d", id, got.Status, len(got.Body), len(want))
		}
	}
}

// mustAgree checks a stopped hub's folder with doctor, which lays every row beside every file, and that no upload is left.
func mustAgree(t *testing.T, dir string) {
	t.Helper()
	if r := run(t, dir, nil, "doctor"); r.code != 0 {
		t.Errorf("doctor:\n%s%s", r.out, r.errors)
	}
	left, err := os.ReadDir(filepath.Join(datadir.Path(dir).In(datadir.Pictures), "incoming"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if len(left) > 0 {
		t.Errorf("%d uploads are left in incoming", len(left))
	}
}
