package storetest

import (
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/media"
)

var ada = media.Actor{Name: "ada", CredentialID: "credential-1"}

func entry(subject, action string, n int) media.AuditEntry {
	return media.AuditEntry{
		ID: uuid.Must(uuid.NewV7()).String(), At: base.Add(time.Duration(n) * time.Second), By: ada,
		Action: action, Subject: subject, Detail: map[string]string{"device_id": deviceA},
	}
}

func audit(t *testing.T, s media.Store, page media.Page) []media.AuditEntry {
	t.Helper()
	found, err := s.Audit(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func deletions(t *testing.T, s media.Store, page media.Page) []media.Deletion {
	t.Helper()
	found, err := s.Deletions(t.Context(), page)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func pinning(t *testing.T, s media.Store) {
	p := store(t, s, picture(1))
	pin, unpin := entry(p.ID, media.ActionPin, 1), entry(p.ID, media.ActionUnpin, 2)
	set := func(pinned bool, e media.AuditEntry) {
		t.Helper()
		got, err := s.SetPinned(t.Context(), p.ID, pinned, e)
		if err != nil || got.Pinned != pinned || got.ID != p.ID {
			t.Fatalf("SetPinned(%v) = %+v, %v", pinned, got, err)
		}
		if read, err := s.Picture(t.Context(), p.ID); err != nil || read != got {
			t.Fatalf("read %+v, %v; want %+v", read, err, got)
		}
	}
	set(false, entry(p.ID, media.ActionUnpin, 0)) // was so: not recorded
	set(true, pin)
	set(true, entry(p.ID, media.ActionPin, 3))
	set(false, unpin)
	if got := audit(t, s, media.Page{Limit: 10}); !reflect.DeepEqual(got, []media.AuditEntry{unpin, pin}) {
		t.Errorf("audit %+v, want unpin and pin", got)
	}
}

func pinningNeedsPicture(t *testing.T, s media.Store) {
	writing := begin(t, s, picture(1))
	deleting := store(t, s, picture(2))
	condemn(t, s, media.ReasonOperator, deleting.ID)
	before := len(audit(t, s, media.Page{Limit: 10}))
	for _, id := range []string{writing.ID, deleting.ID, picture(3).ID} {
		if _, err := s.SetPinned(t.Context(), id, true, entry(id, media.ActionPin, 1)); !errors.Is(err, media.ErrNoPicture) {
			t.Errorf("SetPinned = %v, want ErrNoPicture", err)
		}
	}
	if after := len(audit(t, s, media.Page{Limit: 10})); after != before {
		t.Errorf("%d audit entries for nothing", after-before)
	}
}

func condemnWritesLedger(t *testing.T, s media.Store) {
	p := store(t, s, picture(1))
	at := base.Add(time.Hour)
	gone, err := s.Condemn(t.Context(), []string{p.ID}, media.Verdict{Reason: media.ReasonQuota, At: at})
	p.State = media.StateDeleting
	if err != nil || len(gone) != 1 || gone[0] != p {
		t.Errorf("Condemn = %+v, %v; want %+v", gone, err, p)
	}
	missing(t, s, p.ID)
	want := media.Deletion{
		PictureID: p.ID, DeviceID: p.DeviceID, CapturedAt: p.CapturedAt, Bytes: p.Bytes,
		Reason: media.ReasonQuota, DeletedAt: at,
	}
	if got := deletions(t, s, media.Page{Limit: 10}); len(got) != 1 || got[0] != want {
		t.Errorf("ledger %+v, want %+v", got, want)
	}
	if n := len(audit(t, s, media.Page{Limit: 10})); n != 0 {
		t.Errorf("%d audit entries for the hub's own deed", n)
	}
	// Every reason is accepted.
	for i, reason := range []media.Reason{media.ReasonAge, media.ReasonOperator, media.ReasonDeviceDeleted, media.ReasonLost} {
		if gone := condemn(t, s, reason, store(t, s, picture(10+i)).ID); len(gone) != 1 {
			t.Errorf("reason %s: %d condemned", reason, len(gone))
		}
	}
}

func condemnOnce(t *testing.T, s media.Store) {
	p, writing := store(t, s, picture(1)), begin(t, s, picture(2))
	if gone := condemn(t, s, media.ReasonQuota, p.ID, p.ID, writing.ID, picture(3).ID); len(gone) != 1 {
		t.Errorf("%d condemned, want 1", len(gone))
	}
	if gone := condemn(t, s, media.ReasonOperator, p.ID); len(gone) != 0 {
		t.Errorf("condemned twice: %+v", gone)
	}
	if n := len(deletions(t, s, media.Page{Limit: 10})); n != 1 {
		t.Errorf("%d ledger entries, want 1", n)
	}
}

func condemnAtOnce(t *testing.T, s media.Store) {
	all := idsOf(storeMany(t, s, 20))
	var mu sync.Mutex
	var got []string
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			gone, err := s.Condemn(t.Context(), all, media.Verdict{Reason: media.ReasonQuota, At: base})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, idsOf(gone)...)
		})
	}
	wg.Wait()
	slices.Sort(got)
	if slices.Sort(all); !slices.Equal(got, all) {
		t.Errorf("condemned %d times, want each of %d once", len(got), len(all))
	}
	if n := len(deletions(t, s, media.Page{Limit: 100})); n != 20 {
		t.Errorf("%d ledger entries, want 20", n)
	}
}

func sparesPinned(t *testing.T, s media.Store) {
	p := store(t, s, picture(1))
	if _, err := s.SetPinned(t.Context(), p.ID, true, entry(p.ID, media.ActionPin, 0)); err != nil {
		t.Fatal(err)
	}
	for _, reason := range []media.Reason{media.ReasonQuota, media.ReasonAge} {
		if gone := condemn(t, s, reason, p.ID); len(gone) != 0 {
			t.Errorf("%s took a pinned picture", reason)
		}
	}
	if n := len(deletions(t, s, media.Page{Limit: 10})); n != 0 {
		t.Errorf("%d ledger entries, want none", n)
	}
	if gone := condemn(t, s, media.ReasonOperator, p.ID); len(gone) != 1 {
		t.Error("an operator could not delete a pinned picture")
	}
}

func operatorIsAudited(t *testing.T, s media.Store) {
	p := store(t, s, picture(1))
	at := base.Add(time.Hour)
	if _, err := s.Condemn(t.Context(), []string{p.ID}, media.Verdict{Reason: media.ReasonOperator, At: at, By: ada}); err != nil {
		t.Fatal(err)
	}
	got := audit(t, s, media.Page{Limit: 10})
	if len(got) != 1 {
		t.Fatalf("%d audit entries, want 1", len(got))
	}
	e := got[0]
	if e.Action != media.ActionDelete || e.Subject != p.ID || e.By != ada || !e.At.Equal(at) || e.Detail["device_id"] != p.DeviceID {
		t.Errorf("audit %+v", e)
	}
	if d := deletions(t, s, media.Page{Limit: 10}); len(d) != 1 || d[0].DeletedBy != ada.Name {
		t.Errorf("ledger %+v", d)
	}
}

func eraseOnlyCondemned(t *testing.T, s media.Store) {
	writing, stored, deleting := begin(t, s, picture(1)).ID, store(t, s, picture(2)).ID, store(t, s, picture(3)).ID
	condemn(t, s, media.ReasonQuota, deleting)
	if err := s.Erase(t.Context(), []string{writing, stored, deleting, picture(4).ID}); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{writing: true, stored: true, deleting: false} {
		if got, err := s.Exists(t.Context(), id); err != nil || got != want {
			t.Errorf("Exists = %v, %v; want %v", got, err, want)
		}
	}
}

func ledger(t *testing.T, s media.Store) {
	var want []string
	for i := range 5 {
		p := store(t, s, picture(i))
		// Two and two at the same moment.
		at := base.Add(time.Duration(i/2) * time.Hour)
		if _, err := s.Condemn(t.Context(), []string{p.ID}, media.Verdict{Reason: media.ReasonAge, At: at}); err != nil {
			t.Fatal(err)
		}
		want = append(want, p.ID)
	}
	var got []string
	var after media.Position
	for range 4 {
		page := deletions(t, s, media.Page{After: after, Limit: 2})
		for _, d := range page {
			got = append(got, d.PictureID)
			after = media.Position{At: d.DeletedAt, ID: d.PictureID}
		}
	}
	if !slices.Equal(got, reversed(want)) {
		t.Errorf("pages %v, want %v", got, reversed(want))
	}
	if err := s.ForgetDeletions(t.Context(), base.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if left := deletions(t, s, media.Page{Limit: 10}); len(left) != 3 {
		t.Errorf("%d entries left, want 3", len(left))
	}
}

func auditPages(t *testing.T, s media.Store) {
	p := store(t, s, picture(1))
	for i := range 5 {
		e := entry(p.ID, "action"+strconv.Itoa(i), i/2)
		if _, err := s.SetPinned(t.Context(), p.ID, i%2 == 0, e); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	var after media.Position
	for range 4 {
		for _, e := range audit(t, s, media.Page{After: after, Limit: 2}) {
			got = append(got, e.Action)
			after = media.Position{At: e.At, ID: e.ID}
		}
	}
	if want := []string{"action4", "action3", "action2", "action1", "action0"}; !slices.Equal(got, want) {
		t.Errorf("pages %v, want %v", got, want)
	}
}
