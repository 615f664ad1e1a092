package media_test

import (
	"bytes"
	"context"
	"errors"
	"image/jpeg"
	"os"
	"sync"
	"testing"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

func (w *world) thumbnail(id string) ([]byte, error) {
	w.t.Helper()
	_, b, err := w.OpenThumbnail(w.t.Context(), id)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	var buf bytes.Buffer
	_, err = buf.ReadFrom(b)
	return buf.Bytes(), err
}

// countingBlobs count what is staged.
type countingBlobs struct {
	media.Blobs
	mu     sync.Mutex
	staged int
}

func (b *countingBlobs) Stage(ctx context.Context) (media.Staged, error) {
	b.mu.Lock()
	b.staged++
	b.mu.Unlock()
	return b.Blobs.Stage(ctx)
}

func TestThumbnailIsMadeOnceAndGoesWithThePicture(t *testing.T) {
	t.Parallel()
	var count *countingBlobs
	w := setup(t, func(c *media.Config) {
		count = &countingBlobs{Blobs: c.Thumbnails}
		c.Thumbnails = count
	})
	p, err := w.upload(sizedPhoto(1, 640, 480), "")
	if err != nil {
		t.Fatal(err)
	}
	if n := len(w.files("thumbnails")); n != 0 {
		t.Errorf("%d thumbnails before anybody asked", n)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			b, err := w.thumbnail(p.ID)
			if err != nil {
				t.Error(err)
				return
			}
			if cfg, err := jpeg.DecodeConfig(bytes.NewReader(b)); err != nil || cfg.Width != 320 || cfg.Height != 240 {
				t.Errorf("%dx%d, %v; want 320x240", cfg.Width, cfg.Height, err)
			}
		})
	}
	wg.Wait()
	if count.staged != 1 {
		t.Errorf("made %d times, want once", count.staged)
	}
	if err := w.Delete(t.Context(), p.ID, ada); err != nil {
		t.Fatal(err)
	}
	if files := w.files("thumbnails"); len(files) != 0 {
		t.Errorf("thumbnails left: %v", files)
	}
	_, err = w.thumbnail(p.ID)
	wantKind(t, err, fault.NotFound)
}

func TestThumbnailOfAPictureDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	var w *world
	var id string
	w = setup(t, func(c *media.Config) {
		c.Thumbnails = &meddlingBlobs{c.Thumbnails, func() {
			if err := w.Delete(t.Context(), id, ada); err != nil {
				t.Error(err)
			}
		}}
	})
	p, err := w.upload(sizedPhoto(1, 640, 480), "")
	if err != nil {
		t.Fatal(err)
	}
	id = p.ID
	_, err = w.thumbnail(id)
	wantKind(t, err, fault.NotFound)
	if files := w.files("thumbnails"); len(files) != 0 {
		t.Errorf("a small copy of what was deleted is left: %v", files)
	}
}

// meddlingBlobs let somebody else act while bytes are staged.
type meddlingBlobs struct {
	media.Blobs
	whileStaged func()
}

func (b *meddlingBlobs) Stage(ctx context.Context) (media.Staged, error) {
	s, err := b.Blobs.Stage(ctx)
	b.whileStaged()
	return s, err
}

func TestThumbnailThatCannotBeMade(t *testing.T) {
	t.Parallel()
	w := setup(t)
	// Markers in order, no data between them: taken in, and nobody can show it.
	hollow := []byte{
		0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 100, 0, 100, 1, 1, 0x11, 0,
		0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xFF, 0xD9,
	}
	p, err := w.upload(hollow, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.thumbnail(p.ID)
	wantKind(t, err, fault.Unprocessable)
	if files := w.files("thumbnails"); len(files) != 0 {
		t.Errorf("files left: %v", files)
	}
	_, err = w.thumbnail("018e0000-0000-7000-8000-00000000abcd")
	wantKind(t, err, fault.NotFound)
	_, err = w.thumbnail("../x")
	wantKind(t, err, fault.Invalid)
}

func TestReconcileRemovesThumbnailsWithoutAPicture(t *testing.T) {
	t.Parallel()
	w := setup(t)
	first, err := w.upload(sizedPhoto(1, 640, 480), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.thumbnail(first.ID); err != nil {
		t.Fatal(err)
	}
	orphan := "ffffffff-0000-7000-8000-00000000abcd"
	b, err := os.ReadFile(w.pathOf("thumbnails", first.ID))
	if err != nil {
		t.Fatal(err)
	}
	s, err := w.cfg.Thumbnails.Stage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit(t.Context(), orphan); err != nil {
		t.Fatal(err)
	}
	if r := w.reconcile(); r != (media.Reconciled{Orphans: 1}) {
		t.Errorf("Reconcile = %+v, want one orphan", r)
	}
	if _, err := os.Stat(w.pathOf("thumbnails", orphan)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("orphan stays: %v", err)
	}
	if _, err := os.Stat(w.pathOf("thumbnails", first.ID)); err != nil {
		t.Errorf("the other thumbnail: %v", err)
	}
}
