package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/digest"
)

func TestUploadIsStored(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := photo(1)
	sum := sha256.Sum256(b)
	generation := int64(3)
	p, err := w.Upload(t.Context(), media.Upload{
		Token: media.Token{DeviceID: camera, Epoch: 1}, EventID: "e1", Digest: digest.Wanted{SHA256: sum[:]},
		FrameAge: 1500 * time.Millisecond, Generation: &generation, Length: int64(len(b)),
	}, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	received := w.clock.Now().Truncate(time.Microsecond)
	want := media.Picture{
		ID: p.ID, DeviceID: camera, EventID: "e1", CapturedAt: received.Add(-1500 * time.Millisecond), ReceivedAt: received,
		Bytes: int64(len(b)), SHA256: sum, Width: 48, Height: 32, State: media.StateStored,
	}
	if p != want {
		t.Errorf("stored %+v, want %+v", p, want)
	}
	if got, err := w.Picture(t.Context(), p.ID); err != nil || got != want {
		t.Errorf("read %+v, %v; want %+v", got, err, want)
	}
	w.wantAgreement(1)
	if got := w.events.all(); len(got) != 1 || got[0] != "stored "+p.ID {
		t.Errorf("published %v", got)
	}
}

// body is a request body that does something when it is read.
type body struct {
	io.Reader
	onRead func()
}

func (b body) Read(p []byte) (int, error) {
	if b.onRead != nil {
		b.onRead()
	}
	return b.Reader.Read(p)
}

func TestRefusedUploadsLeaveNothing(t *testing.T) {
	t.Parallel()
	whole := photo(1)
	sum := sha256.Sum256([]byte("another"))
	older := int64(2)
	big := sizedPhoto(1, 400, 300)
	for name, tc := range map[string]struct {
		upload func(*media.Upload)
		state  func(*media.DeviceState)
		body   io.Reader
		kind   fault.Kind
		unread bool // refused before the body is read
	}{
		"locked":             {state: func(s *media.DeviceState) { s.PrivacyLocked = true }, kind: fault.Forbidden, unread: true},
		"revoked":            {state: func(s *media.DeviceState) { s.Status = media.StatusRevoked }, kind: fault.Unauthenticated, unread: true},
		"deleted":            {state: func(s *media.DeviceState) { s.Status = media.StatusDeleted }, kind: fault.Unauthenticated, unread: true},
		"older epoch":        {state: func(s *media.DeviceState) { s.Epoch = 2 }, kind: fault.Unauthenticated, unread: true},
		"unknown device":     {upload: func(u *media.Upload) { u.Token.DeviceID = "AA:BB:CC:DD:EE:99" }, kind: fault.Unavailable, unread: true},
		"older privacy":      {upload: func(u *media.Upload) { u.Generation = &older }, kind: fault.Forbidden, unread: true},
		"declared too large": {upload: func(u *media.Upload) { u.Length = 1 << 30 }, kind: fault.TooLarge, unread: true},
		"too large":          {upload: func(u *media.Upload) { u.Length = -1 }, body: bytes.NewReader(big), kind: fault.TooLarge},
		"empty":              {upload: func(u *media.Upload) { u.Length = 0 }, body: bytes.NewReader(nil), kind: fault.Unprocessable},
		"text":               {upload: func(u *media.Upload) { u.Length = -1 }, body: bytes.NewReader([]byte("hello")), kind: fault.Unsupported},
		"cut":                {upload: func(u *media.Upload) { u.Length = -1 }, body: bytes.NewReader(whole[:len(whole)-1]), kind: fault.Unprocessable},
		"shorter than said":  {body: bytes.NewReader(whole[:100]), kind: fault.Unprocessable},
		"longer than said":   {upload: func(u *media.Upload) { u.Length-- }, kind: fault.Unprocessable},
		"trailing bytes":     {upload: func(u *media.Upload) { u.Length = -1 }, body: bytes.NewReader(append(bytes.Clone(whole), 0)), kind: fault.Unprocessable},
		"another digest":     {upload: func(u *media.Upload) { u.Digest.SHA256 = sum[:] }, kind: fault.Unprocessable},
		"connection lost":    {body: io.MultiReader(bytes.NewReader(whole[:200]), failing{io.ErrUnexpectedEOF}), kind: fault.Unprocessable},
		"garbled chunks":     {body: io.MultiReader(bytes.NewReader(whole[:200]), failing{errBroken}), kind: fault.Invalid},
		"too slow":           {body: io.MultiReader(bytes.NewReader(whole[:200]), failing{fault.New(fault.TimedOut, "slow")}), kind: fault.TimedOut},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(c *media.Config) { c.MaxBytes = 1000 })
			if tc.state != nil {
				w.approve(camera, tc.state)
			}
			u := media.Upload{Token: media.Token{DeviceID: camera, Epoch: 1}, EventID: "e1", Length: int64(len(whole))}
			if tc.upload != nil {
				tc.upload(&u)
			}
			read := false
			in := tc.body
			if in == nil {
				in = bytes.NewReader(whole)
			}
			_, err := w.Upload(t.Context(), u, body{in, func() { read = true }})
			wantKind(t, err, tc.kind)
			if tc.kind == fault.Unavailable && fault.From(err).RetryAfter == 0 {
				t.Error("no advice on when to try again")
			}
			if read == tc.unread {
				t.Errorf("the body was read: %v", read)
			}
			w.wantNothing()
		})
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestLockWhileTheBodyArrives(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		state func(*media.DeviceState)
		kind  fault.Kind
	}{
		"locked":  {func(s *media.DeviceState) { s.PrivacyLocked = true }, fault.Forbidden},
		"revoked": {func(s *media.DeviceState) { s.Status = media.StatusRevoked; s.Epoch = 2 }, fault.Unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			b := photo(1)
			_, err := w.Upload(t.Context(), media.Upload{Token: media.Token{DeviceID: camera, Epoch: 1}, Length: int64(len(b))},
				body{bytes.NewReader(b), func() { w.approve(camera, change.state) }})
			wantKind(t, err, change.kind)
			w.wantNothing()
		})
	}
}

func TestSamePictureAgain(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"e1", ""} {
		w := setup(t)
		first, err := w.upload(photo(1), event)
		if err != nil {
			t.Fatal(err)
		}
		w.clock.advance(time.Hour)
		again, err := w.upload(photo(1), event)
		if err != nil || again != first {
			t.Errorf("event %q: again %+v, %v; want %+v", event, again, err, first)
		}
		w.wantAgreement(1)
		if n := len(w.events.all()); n != 1 {
			t.Errorf("%d messages, want 1", n)
		}
	}
}

func TestSamePictureAgainBringsLostBytesBack(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(path string) error{
		"removed": os.Remove,
		"cut":     func(path string) error { return os.Truncate(path, 5) },
	} {
		w := setup(t)
		first, err := w.upload(photo(1), "e1")
		if err != nil {
			t.Fatal(err)
		}
		if err := lose(w.pathOf("pictures", first.ID)); err != nil {
			t.Fatal(err)
		}
		if again, err := w.upload(photo(1), "e1"); err != nil || again != first {
			t.Errorf("%s: again %+v, %v; want %+v", name, again, err, first)
		}
		w.wantAgreement(1)
		if n := len(w.events.all()); n != 1 {
			t.Errorf("%s: %d messages, want 1", name, n)
		}
	}
}

func TestSamePictureAtTheSameTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var wg sync.WaitGroup
	got := make([]media.Picture, 10)
	// All bodies end at the same moment, so that the commits meet.
	var ready sync.WaitGroup
	ready.Add(len(got))
	for i := range got {
		wg.Go(func() {
			b := photo(1)
			var once sync.Once
			last := body{bytes.NewReader(b[len(b)-1:]), func() { once.Do(func() { ready.Done(); ready.Wait() }) }}
			p, err := w.Upload(t.Context(), media.Upload{Token: media.Token{DeviceID: camera, Epoch: 1}, EventID: "e1", Length: int64(len(b))},
				io.MultiReader(bytes.NewReader(b[:len(b)-1]), last))
			if err != nil {
				t.Error(err)
			}
			got[i] = p
		})
	}
	wg.Wait()
	for _, p := range got {
		if p.ID != got[0].ID || p.State != media.StateStored {
			t.Errorf("answers differ: %+v and %+v", p, got[0])
		}
	}
	w.wantAgreement(1)
}

func TestHangUpAfterTheLastByteChangesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, hangUp := context.WithCancel(t.Context())
	b := photo(1)
	p, err := w.Upload(ctx, media.Upload{Token: media.Token{DeviceID: camera, Epoch: 1}, Length: int64(len(b))},
		io.MultiReader(bytes.NewReader(b), body{bytes.NewReader(nil), hangUp}))
	if err != nil {
		t.Fatal(err)
	}
	w.wantAgreement(1)
	w.wantShown(p)
}

func TestTooManyAtOnceFromOneCamera(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.approve("AA:BB:CC:DD:EE:02")
	release := make(chan struct{})
	var arrived, done sync.WaitGroup
	for range 16 {
		arrived.Add(1)
		done.Go(func() {
			var once sync.Once
			_, err := w.Upload(t.Context(), media.Upload{Token: media.Token{DeviceID: camera, Epoch: 1}, Length: -1},
				body{bytes.NewReader(photo(1)), func() { once.Do(func() { arrived.Done(); <-release }) }})
			if err != nil {
				t.Error(err)
			}
		})
	}
	arrived.Wait()
	_, err := w.upload(photo(2), "")
	wantKind(t, err, fault.RateLimited)
	b := photo(3)
	if _, err := w.Upload(t.Context(), media.Upload{Token: media.Token{DeviceID: "AA:BB:CC:DD:EE:02", Epoch: 1}, Length: int64(len(b))}, bytes.NewReader(b)); err != nil {
		t.Errorf("another camera: %v", err)
	}
	close(release)
	done.Wait()
	if _, err := w.upload(photo(2), ""); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	w.wantAgreement(3)
}

func TestFullDiskIsUnavailableAndLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, brittle := range map[string]brittleBlobs{
		"staging":            {stage: media.ErrFull},
		"writing":            {write: media.ErrFull},
		"committing":         {commit: media.ErrFull},
		"after the bytes":    {afterCommit: media.ErrFull},
		"another disk error": {commit: errBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var blobs *brittleBlobs
			w := setup(t, func(c *media.Config) {
				brittle.Blobs = c.Pictures
				blobs = &brittle
				c.Pictures = blobs
			})
			_, err := w.upload(photo(1), "e1")
			if name == "another disk error" {
				wantKind(t, err, fault.Internal)
			} else {
				wantKind(t, err, fault.Unavailable)
				if f := fault.From(err); f != nil && f.RetryAfter == 0 {
					t.Error("no advice on when to try again")
				}
			}
			w.wantNothing()
			*blobs = brittleBlobs{Blobs: blobs.Blobs}
			if _, err := w.upload(photo(1), "e1"); err != nil {
				t.Errorf("once there is room: %v", err)
			}
			w.wantAgreement(1)
		})
	}
}

func TestIndexGoneBeforeTheRow(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *media.Config) {
		c.Store = &brittleStore{Store: c.Store, begin: fault.New(fault.Unavailable, "away").After(time.Second)}
	})
	_, err := w.upload(photo(1), "e1")
	wantKind(t, err, fault.Unavailable)
	w.wantNothing()
}

func TestIndexGoneAfterTheBytes(t *testing.T) {
	t.Parallel()
	for name, heal := range map[string]func(w *world) error{
		"the camera tries again": func(w *world) error { _, err := w.upload(photo(1), "e1"); return err },
		"nobody tries again":     func(w *world) error { _, err := w.Repair(w.t.Context()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &brittleStore{finish: fault.New(fault.Unavailable, "away")}
			w := setup(t, func(c *media.Config) { store.Store = c.Store; c.Store = store })
			_, err := w.upload(photo(1), "e1")
			wantKind(t, err, fault.Unavailable)
			w.wantShown()
			store.finish = nil
			if err := heal(w); err != nil {
				t.Fatal(err)
			}
			w.wantAgreement(1)
		})
	}
}

func TestDeletedWhileItIsStored(t *testing.T) {
	t.Parallel()
	var w *world
	w = setup(t, func(c *media.Config) {
		c.Store = &meddlingStore{Store: c.Store, beforeFinish: func(id string) {
			if _, err := w.store.Finish(t.Context(), id); err != nil {
				t.Error(err)
			}
			if err := w.Delete(t.Context(), id, ada); err != nil {
				t.Error(err)
			}
		}}
	})
	_, err := w.upload(photo(1), "e1")
	wantKind(t, err, fault.Unavailable)
	if rows, files := w.rows(), w.files("pictures"); len(rows)+len(files) != 0 {
		t.Errorf("left: rows %+v, files %v", rows, files)
	}
}
