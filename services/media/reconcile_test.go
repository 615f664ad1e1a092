package media_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

func (w *world) reconcile() media.Reconciled {
	w.t.Helper()
	r, err := w.Reconcile(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// pathOf is where the folder keeps a picture.
func (w *world) pathOf(sub, id string) string {
	return filepath.Join(w.dir, sub, id[:6], id+".jpg")
}

func (w *world) removeFile(id string) {
	w.t.Helper()
	if err := os.Remove(w.pathOf("pictures", id)); err != nil {
		w.t.Fatal(err)
	}
}

// beginOnly leaves a writing row with the given bytes under its id, as a crash
// between two steps of an upload does. Nil leaves none.
func (w *world) beginOnly(n int, bytes []byte) media.Picture {
	w.t.Helper()
	p := w.mustUpload(n)
	// Back to writing by way of a second row: the store has no step backwards.
	if _, err := w.store.Condemn(w.t.Context(), []string{p.ID}, media.Verdict{Reason: media.ReasonOperator, At: w.clock.Now()}); err != nil {
		w.t.Fatal(err)
	}
	if err := w.store.Erase(w.t.Context(), []string{p.ID}); err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.store.Begin(w.t.Context(), p); err != nil {
		w.t.Fatal(err)
	}
	if bytes == nil {
		w.removeFile(p.ID)
	} else if err := os.WriteFile(w.pathOf("pictures", p.ID), bytes, 0o600); err != nil {
		w.t.Fatal(err)
	}
	p.State = media.StateWriting
	return p
}

func TestRepairFinishesOrUndoesUploads(t *testing.T) {
	t.Parallel()
	w := setup(t)
	whole, none := w.beginOnly(1, photo(1)), w.beginOnly(2, nil)
	half, other := w.beginOnly(3, photo(3)[:50]), w.beginOnly(4, slices.Concat(photo(4)[:len(photo(4))-1], []byte{0}))
	w.restart()
	w.events.list = nil
	r, err := w.Repair(t.Context())
	if err != nil || r != (media.Reconciled{Finished: 1, Abandoned: 3}) {
		t.Errorf("Repair = %+v, %v", r, err)
	}
	w.wantAgreement(1)
	w.wantShown(whole)
	if got := w.events.all(); !slices.Equal(got, []string{"stored " + whole.ID}) {
		t.Errorf("published %v", got)
	}
	for _, p := range []media.Picture{none, half, other} {
		if exists, err := w.store.Exists(t.Context(), p.ID); exists || err != nil {
			t.Errorf("row %s is left: %v, %v", p.ID, exists, err)
		}
	}
}

func TestRepairFinishesDeletions(t *testing.T) {
	t.Parallel()
	store := &brittleStore{}
	blobs := &brittleBlobs{}
	w := setup(t, func(c *media.Config) {
		store.Store, blobs.Blobs = c.Store, c.Pictures
		c.Store, c.Pictures = store, blobs
	})
	first, second := w.mustUpload(1), w.mustUpload(2)
	// One crash before the bytes go, one before the row goes.
	blobs.remove = errBroken
	if err := w.Delete(t.Context(), first.ID, ada); err != nil {
		t.Errorf("the operator sees %v for what is done in the index", err)
	}
	blobs.remove, store.erase = nil, errBroken
	if err := w.Delete(t.Context(), second.ID, ada); err != nil {
		t.Errorf("the operator sees %v", err)
	}
	store.erase = nil
	w.wantShown()
	w.restart()
	if r, err := w.Repair(t.Context()); err != nil || r != (media.Reconciled{Deleted: 2}) {
		t.Errorf("Repair = %+v, %v", r, err)
	}
	w.wantAgreement(0)
	w.wantLedger(media.ReasonOperator, first, second)
}

func TestOtherProcessesUploadsAreLeftAlone(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *media.Config) { c.SoleWriter = false })
	p := w.beginOnly(1, nil)
	w.restart()
	if r, err := w.Repair(t.Context()); err != nil || r != (media.Reconciled{}) {
		t.Errorf("Repair = %+v, %v; want nothing", r, err)
	}
	w.clock.advance(5 * time.Minute)
	if r, err := w.Repair(t.Context()); err != nil || r != (media.Reconciled{Abandoned: 1}) {
		t.Errorf("Repair = %+v, %v; want it abandoned", r, err)
	}
	if exists, _ := w.store.Exists(t.Context(), p.ID); exists {
		t.Error("the row is left")
	}
}

func TestOwnUploadsUnderWayAreLeftAlone(t *testing.T) {
	t.Parallel()
	var w *world
	var during media.Reconciled
	w = setup(t, func(c *media.Config) {
		c.Store = &meddlingStore{Store: c.Store, beforeFinish: func(string) {
			var err error
			if during, err = w.Repair(t.Context()); err != nil {
				t.Error(err)
			}
		}}
	})
	w.mustUpload(1)
	if during != (media.Reconciled{}) {
		t.Errorf("repaired in the middle of an upload: %+v", during)
	}
	w.wantAgreement(1)
}

func TestReconcileComparesBothSides(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all []media.Picture
	for n := range 6 {
		all = append(all, w.mustUpload(n))
	}
	w.removeFile(all[1].ID)
	w.removeFile(all[5].ID)
	if err := os.Truncate(w.pathOf("pictures", all[2].ID), 10); err != nil {
		t.Fatal(err)
	}
	// Files that are not ours: one is named like a picture, one is not.
	stranger := "018e0000-0000-7000-8000-00000000abcd"
	if err := os.MkdirAll(filepath.Dir(w.pathOf("pictures", stranger)), 0o700); err != nil {
		t.Fatal(err)
	}
	notes := filepath.Join(w.dir, "pictures", "notes.txt")
	for _, name := range []string{w.pathOf("pictures", stranger), notes} {
		if err := os.WriteFile(name, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	leftover := filepath.Join(w.dir, "pictures", "incoming", "DEAD-1.part")
	if err := os.WriteFile(leftover, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := w.reconcile(); r != (media.Reconciled{Swept: 1, Lost: 2, Damaged: 1, Unknown: 2}) {
		t.Errorf("Reconcile = %+v", r)
	}
	w.wantShown(all[4], all[3], all[2], all[0])
	w.wantLedger(media.ReasonLost, all[1], all[5])
	for _, name := range []string{w.pathOf("pictures", stranger), notes} {
		if _, err := os.Stat(name); err != nil {
			t.Errorf("a file that is not ours: %v", err)
		}
	}
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("leftover stays: %v", err)
	}
	if r := w.reconcile(); r != (media.Reconciled{Damaged: 1, Unknown: 2}) {
		t.Errorf("second Reconcile = %+v", r)
	}
}

func TestADiskThatIsNotMountedLosesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all []media.Picture
	for n := range 30 {
		all = append(all, w.mustUpload(n))
	}
	pictures, away := filepath.Join(w.dir, "pictures"), filepath.Join(w.dir, "away")
	if err := os.Rename(pictures, away); err != nil {
		t.Fatal(err)
	}
	w.cfg.Pictures = openFolder(t, pictures) // an empty mount point
	w.restart()
	if r, err := w.Reconcile(t.Context()); err == nil || r.Lost != 0 {
		t.Errorf("Reconcile = %+v, %v; want an error and nothing lost", r, err)
	}
	if n := len(w.deletions()); n != 0 {
		t.Errorf("%d pictures written off", n)
	}
	_, _, err := w.Open(t.Context(), all[0].ID)
	wantKind(t, err, fault.NotFound)
	if err := errors.Join(os.RemoveAll(pictures), os.Rename(away, pictures)); err != nil {
		t.Fatal(err)
	}
	w.cfg.Pictures = openFolder(t, pictures)
	w.restart()
	if r := w.reconcile(); r != (media.Reconciled{}) {
		t.Errorf("Reconcile = %+v once it is back", r)
	}
	w.wantAgreement(30)
}

// TestReconcileReadsAllPages crosses the size of a page of rows.
func TestReconcileReadsAllPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const n = 501
	var last media.Picture
	for i := range n {
		last = w.mustUpload(i)
	}
	w.removeFile(last.ID)
	if r := w.reconcile(); r != (media.Reconciled{Lost: 1}) {
		t.Errorf("Reconcile = %+v, want 1 lost", r)
	}
	w.wantAgreement(n - 1)
}
