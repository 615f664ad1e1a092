package served_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"home.arpa/nestbox/services/hub/hubtest"
)

// ledger is what the services answered with 200.
type ledger struct {
	mu       sync.Mutex
	events   map[string]string // device and event id to occurred_at
	pictures map[string]kept   // by picture id
	answered int
}

type kept struct {
	eventID string
	bytes   []byte
}

func newLedger() *ledger { return &ledger{events: map[string]string{}, pictures: map[string]kept{}} }

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answered
}

// event enters an answer; a repeat must get the same one.
func (l *ledger) event(t *testing.T, key string, a hubtest.Answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered++
	if before, twice := l.events[key]; twice && before != a.Text("occurred_at") {
		t.Errorf("event %s was answered with %s and then with %s", key, before, a.Text("occurred_at"))
	}
	l.events[key] = a.Text("occurred_at")
}

func (l *ledger) picture(t *testing.T, eventID string, body []byte, a hubtest.Answer) {
	sum := sha256.Sum256(body)
	if a.Text("sha256") != hex.EncodeToString(sum[:]) {
		t.Errorf("a picture of %d bytes was answered with %s", len(body), a.Body)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answered++
	l.pictures[a.Text("picture_id")] = kept{eventID, body}
}

// verify looks everything up: each event and picture is there, once and whole.
func (l *ledger) verify(t *testing.T, op *operator) {
	t.Helper()
	seen := map[string]int{}
	for _, e := range op.all("/api/events", "events", "kind=motion") {
		key := fmt.Sprint(e["device_id"], " ", e["event_id"])
		seen[key]++
		if want, promised := l.events[key]; promised && e["occurred_at"] != want {
			t.Errorf("event %s has %v, was answered with %s", key, e["occurred_at"], want)
		}
	}
	for key := range l.events {
		if seen[key] == 0 {
			t.Errorf("event %s was answered with 200 and is lost", key)
		}
	}
	for key, n := range seen {
		if n != 1 {
			t.Errorf("event %s is there %d times", key, n)
		}
	}
	listed, sums := map[string]map[string]any{}, map[any]bool{}
	for _, p := range op.all("/api/pictures", "pictures", "") {
		listed[p["picture_id"].(string)] = p
		if sums[p["sha256"]] {
			t.Errorf("picture %v is there twice", p["sha256"])
		}
		sums[p["sha256"]] = true
	}
	for id, want := range l.pictures {
		if listed[id] == nil || listed[id]["event_id"] != want.eventID {
			t.Errorf("picture %s of event %s was answered with 200; the list has %v", id, want.eventID, listed[id])
			continue
		}
		if got := op.do(http.MethodGet, "/api/pictures/"+id+"/image", nil); got.Status != http.StatusOK || !bytes.Equal(got.Body, want.bytes) {
			t.Errorf("picture %s: status %d, %d bytes, want %d", id, got.Status, len(got.Body), len(want.bytes))
		}
	}
	t.Logf("%d events and %d pictures were answered; %d and %d are there", len(l.events), len(l.pictures), len(seen), len(listed))
}

// mustAgree compares the folder with the index: every file has a row and every row its file.
func mustAgree(t *testing.T, w *world, op *operator) {
	t.Helper()
	var rows, files []string
	for _, p := range op.all("/api/pictures", "pictures", "") {
		rows = append(rows, p["picture_id"].(string))
	}
	err := filepath.WalkDir(w.pictures(), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.Contains(path, "thumbnails") {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if filepath.Ext(path) == ".jpg" {
			files = append(files, strings.TrimSuffix(filepath.Base(path), ".jpg"))
		} else if info.Size() > 0 && info.Mode().IsRegular() {
			t.Errorf("%s was left behind", path)
		}
		return nil
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	slices.Sort(rows)
	slices.Sort(files)
	if !slices.Equal(rows, files) {
		t.Errorf("the index has %d pictures, the folder %d; only in the index %v, only in the folder %v",
			len(rows), len(files), without(rows, files), without(files, rows))
	}
}

func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { _, found := slices.BinarySearch(b, s); return found })
}
