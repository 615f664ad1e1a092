package media_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

const day = 24 * time.Hour

func (w *world) retain() media.Retained {
	w.t.Helper()
	r, err := w.Retain(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) pin(p media.Picture) {
	w.t.Helper()
	if _, err := w.SetPinned(w.t.Context(), p.ID, true, ada); err != nil {
		w.t.Fatal(err)
	}
}

// wantLedger fails unless the ledger holds these, in any order, for the reason.
func (w *world) wantLedger(reason media.Reason, want ...media.Picture) {
	w.t.Helper()
	var got []string
	for _, d := range w.deletions() {
		if d.Reason != reason || d.DeletedAt.IsZero() || d.Bytes == 0 || d.DeviceID == "" {
			w.t.Errorf("ledger entry %+v, want reason %s", d, reason)
		}
		got = append(got, d.PictureID)
	}
	var ids []string
	for _, p := range want {
		ids = append(ids, p.ID)
	}
	slices.Sort(got)
	slices.Sort(ids)
	if !slices.Equal(got, ids) {
		w.t.Errorf("ledger has %v, want %v", got, ids)
	}
}

func TestQuotaTakesTheOldestThatAreNotPinned(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var all []media.Picture
	var total int64
	for n := range 6 {
		p := w.mustUpload(n)
		all = append(all, p)
		total += p.Bytes
	}
	w.pin(all[0])
	// Room for all but one byte of the three oldest.
	w.cfg.Policy.Quota = total - all[1].Bytes - all[2].Bytes + 1
	w.restart()
	w.cfg.Events.(*events).list = nil
	if r := w.retain(); r != (media.Retained{OverQuota: 2}) {
		t.Errorf("Retain = %+v, want 2 over quota", r)
	}
	w.wantShown(all[5], all[4], all[3], all[0])
	w.wantAgreement(4)
	w.wantLedger(media.ReasonQuota, all[1], all[2])
	if got := w.events.all(); len(got) != 2 || got[0] != "deleted "+all[1].ID {
		t.Errorf("published %v", got)
	}
	if r := w.retain(); r != (media.Retained{}) {
		t.Errorf("a second pass removed %+v", r)
	}
}

func TestQuotaOfManyBatches(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var newest media.Picture
	for n := range 250 {
		newest = w.mustUpload(n)
	}
	w.cfg.Policy.Quota = newest.Bytes
	w.restart()
	if r := w.retain(); r.OverQuota != 249 {
		t.Errorf("Retain = %+v, want 249", r)
	}
	w.wantShown(newest)
	w.wantAgreement(1)
}

func TestFullOfPinnedPicturesRefusesUploadsUntilSomethingGoes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, second := w.mustUpload(1), w.mustUpload(2)
	w.pin(first)
	w.pin(second)
	w.cfg.Policy.Quota = first.Bytes
	w.restart()
	if r := w.retain(); !r.Crowded || r.OverQuota != 0 {
		t.Errorf("Retain = %+v, want crowded", r)
	}
	_, err := w.upload(photo(3), "")
	wantKind(t, err, fault.Unavailable)
	if err := w.Delete(t.Context(), second.ID, ada); err != nil {
		t.Fatal(err)
	}
	if r := w.retain(); r.Crowded {
		t.Errorf("Retain = %+v, want room", r)
	}
	if _, err := w.upload(photo(3), ""); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

func TestAgeWaitsForASteadyClock(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *media.Config) { c.Policy.MaxAge = 2 * day })
	old, pinned := w.mustUpload(1), w.mustUpload(2)
	w.pin(pinned)
	w.clock.advance(day + 23*time.Hour)
	young := w.mustUpload(3)
	w.clock.advance(time.Hour)
	w.restart() // a new process has not seen the clock for long
	if r := w.retain(); r.Aged != 0 {
		t.Errorf("Retain = %+v right after the start", r)
	}
	w.clock.advance(11 * time.Minute)
	if r := w.retain(); r != (media.Retained{Aged: 1}) {
		t.Errorf("Retain = %+v, want 1 aged", r)
	}
	w.wantShown(young, pinned)
	w.wantLedger(media.ReasonAge, old)
}

// roomyBlobs report a disk of their own.
type roomyBlobs struct {
	media.Blobs
	free func() int64
}

func (b roomyBlobs) Free(context.Context) (int64, bool, error) { return b.free(), true, nil }

func TestFreeSpaceIsKept(t *testing.T) {
	t.Parallel()
	free := int64(10_000)
	var w *world
	w = setup(t, func(c *media.Config) {
		c.Policy.MinFree = 2000
		// A disk that other files fill, and that gets larger by what we delete.
		c.Pictures = roomyBlobs{c.Pictures, func() int64 {
			left := free
			for _, d := range w.deletions() {
				left += d.Bytes
			}
			return left
		}}
	})
	oldest, second := w.mustUpload(1), w.mustUpload(2)
	if r := w.retain(); r != (media.Retained{}) {
		t.Errorf("Retain = %+v with room", r)
	}
	free = 2000 - oldest.Bytes - 1
	if r := w.retain(); r != (media.Retained{OverQuota: 2}) {
		t.Errorf("Retain = %+v, want 2", r)
	}
	w.wantLedger(media.ReasonQuota, oldest, second)
	// Below half of it nothing more is taken in, so that the database can go on.
	free = 999 - oldest.Bytes - second.Bytes
	_, err := w.upload(photo(3), "")
	wantKind(t, err, fault.Unavailable)
}

func TestDeletedDevicesArePurged(t *testing.T) {
	t.Parallel()
	const other = "AA:BB:CC:DD:EE:02"
	w := setup(t)
	before, pinned := w.mustUpload(1), w.mustUpload(2)
	w.pin(pinned)
	deletedAt := w.clock.Now()
	// Deleted and come back: what it sends now is its own.
	w.approve(camera, func(s *media.DeviceState) { s.DeletedAt = deletedAt })
	after := w.mustUpload(3)
	if r := w.retain(); r != (media.Retained{OfDeletedDevices: 2}) {
		t.Errorf("Retain = %+v, want 2 of deleted devices", r)
	}
	w.wantShown(after)
	w.wantLedger(media.ReasonDeviceDeleted, before, pinned)
	// Unknown to the registry is not deleted.
	w.approve(other)
	b := photo(4)
	if _, err := w.store.Begin(t.Context(), media.Picture{
		ID: "018e0000-0000-7000-8000-000000000001", DeviceID: "AA:BB:CC:DD:EE:03", Bytes: int64(len(b)), CapturedAt: deletedAt, ReceivedAt: deletedAt,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.Finish(t.Context(), "018e0000-0000-7000-8000-000000000001"); err != nil {
		t.Fatal(err)
	}
	if r := w.retain(); r != (media.Retained{}) {
		t.Errorf("Retain = %+v for an unknown device", r)
	}
}

func TestUploadsOverTheLimitAskForRetention(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first := w.mustUpload(1)
	w.cfg.Policy.Quota = 2 * first.Bytes
	w.restart()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = w.Loops()[0](ctx)
	}()
	for n := 2; n < 6; n++ {
		w.mustUpload(n)
	}
	within(t, 30*time.Second, "the loop removes the oldest", func() bool {
		u, err := w.store.Usage(t.Context())
		return err == nil && u.Bytes <= w.cfg.Policy.Quota
	})
	stop()
	<-done
}

func within(t *testing.T, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

// TestAFullStoreMakesRoom: a bucket does not tell what it holds, so only the failed
// write says that the quota is more than fits.
func TestAFullStoreMakesRoom(t *testing.T) {
	t.Parallel()
	const largest = 1200
	for name, tc := range map[string]struct {
		policy     media.Policy
		from, upTo int64 // bytes that go
	}{
		"with a quota":    {media.Policy{Quota: 1 << 40}, 4 * largest, 5 * largest},
		"without a limit": {media.Policy{}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var blobs *brittleBlobs
			w := setup(t, func(c *media.Config) {
				blobs = &brittleBlobs{Blobs: c.Pictures}
				c.Pictures, c.Policy, c.MaxBytes = blobs, tc.policy, largest
			})
			for n := range 12 {
				w.mustUpload(n)
			}
			blobs.write = media.ErrFull
			_, err := w.upload(photo(12), "")
			wantKind(t, err, fault.Unavailable)
			blobs.write = nil
			r := w.retain()
			var gone int64
			for _, d := range w.deletions() {
				gone += d.Bytes
			}
			if gone < tc.from || gone > tc.upTo {
				t.Errorf("Retain = %+v, %d bytes; want %d to %d", r, gone, tc.from, tc.upTo)
			}
			if r := w.retain(); r.OverQuota != 0 {
				t.Errorf("a second pass removed %+v", r)
			}
			w.wantAgreement(12 - r.OverQuota)
		})
	}
}

func TestOperatorDeletes(t *testing.T) {
	t.Parallel()
	w := setup(t)
	p := w.mustUpload(1)
	w.pin(p)
	if err := w.Delete(t.Context(), p.ID, ada); err != nil {
		t.Fatal(err)
	}
	w.wantAgreement(0)
	w.wantLedger(media.ReasonOperator, p)
	wantKind(t, w.Delete(t.Context(), p.ID, ada), fault.NotFound)
	wantKind(t, w.Delete(t.Context(), "../../etc/passwd", ada), fault.Invalid)
	audit, err := w.Audit(t.Context(), media.Page{Limit: 10})
	if err != nil || len(audit) != 2 || audit[0].Action != media.ActionDelete || audit[1].Action != media.ActionPin || audit[0].By != ada {
		t.Errorf("audit %+v, %v", audit, err)
	}
	// The camera's retry of a picture that a person deleted is a new picture.
	if _, err := w.upload(photo(1), ""); err != nil {
		t.Error(err)
	}
}
