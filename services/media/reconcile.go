package media

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"
)

const (
	// reconcileEvery is how often bytes and index are laid side by side.
	reconcileEvery = time.Hour
	// walkDelay keeps the first walk over all pictures out of the way of a start:
	// until then only what a crash interrupted is repaired, which is found by an
	// index and is a handful.
	walkDelay = 20 * time.Second
	// writingGrace is how long a writing row of another process is left alone. An
	// upload needs it only from its last byte on, at most commitLimit.
	writingGrace = 2 * time.Minute
	// reconcilePage is how many rows are read at once.
	reconcilePage = 500
)

// Reconciled is what one reconciliation found and did.
type Reconciled struct {
	Swept     int // leftovers of staging that were removed
	Finished  int // writing, bytes whole: stored now
	Abandoned int // writing, bytes missing or not whole: both removed
	Deleted   int // deleting: done to the end
	Lost      int // stored without bytes: in the ledger
	// Damaged pictures have another length than the index says. They are reported and
	// kept: a person may know more.
	Damaged int
	// Unknown things lie beside the pictures. They are reported and never touched.
	Unknown int
	// Orphans are thumbnails without a picture, removed.
	Orphans int
}

// Repair finishes what a crash interrupted. It is quick: it looks only at pictures
// in a state other than stored.
func (s *Service) Repair(ctx context.Context) (Reconciled, error) {
	var r Reconciled
	var errs []error
	for _, blobs := range []Blobs{s.pictures, s.thumbnails} {
		n, err := blobs.Sweep(ctx)
		r.Swept += n
		if err != nil {
			errs = append(errs, fmt.Errorf("sweep staging: %w", err))
		}
	}
	after := ""
	for {
		rows, err := s.store.Unfinished(ctx, after, reconcilePage)
		if err != nil {
			return r, errors.Join(append(errs, err)...)
		}
		for _, p := range rows {
			if err := s.repair(ctx, p, &r); err != nil {
				errs = append(errs, fmt.Errorf("repair picture %s: %w", p.ID, err))
			}
			after = p.ID
		}
		if len(rows) < reconcilePage || ctx.Err() != nil {
			return r, errors.Join(errs...)
		}
	}
}

// repair finishes one picture that is writing or deleting.
func (s *Service) repair(ctx context.Context, p Picture, r *Reconciled) error {
	if p.State == StateDeleting {
		r.Deleted++
		return s.bury(ctx, []Picture{p})
	}
	if s.busy.contains(p.ID) || !s.soleWriter && s.now().Sub(p.ReceivedAt) < UploadLimit+writingGrace {
		return nil
	}
	whole, err := s.whole(ctx, p)
	if err != nil {
		return err
	}
	if whole {
		stored, err := s.store.Finish(ctx, p.ID)
		if err != nil {
			return err
		}
		if stored {
			r.Finished++
			p.State = StateStored
			s.used.Add(p.Bytes)
			s.events.PictureStored(ctx, p)
			return nil
		}
	}
	if err := s.pictures.Remove(ctx, []string{p.ID}); err != nil {
		return err
	}
	r.Abandoned++
	return s.store.Abandon(ctx, p.ID)
}

// whole reports whether the bytes of p are those that its row describes.
func (s *Service) whole(ctx context.Context, p Picture) (bool, error) {
	b, err := s.pictures.Open(ctx, p.ID)
	if errors.Is(err, ErrNoBlob) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer b.Close()
	if b.Size() != p.Bytes {
		return false, nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, b); err != nil {
		return false, fmt.Errorf("read picture %s: %w", p.ID, err)
	}
	return [sha256.Size]byte(h.Sum(nil)) == p.SHA256, nil
}

// Reconcile repairs, then lays bytes and index side by side: pictures whose bytes
// are gone go into the ledger as lost, files that are not ours are reported and
// left alone, thumbnails without a picture are removed.
func (s *Service) Reconcile(ctx context.Context) (Reconciled, error) {
	r, err := s.Repair(ctx)
	if err != nil {
		return r, err
	}
	if err := s.comparePictures(ctx, &r); err != nil {
		return r, fmt.Errorf("compare pictures with the index: %w", err)
	}
	if err := s.compareThumbnails(ctx, &r); err != nil {
		return r, fmt.Errorf("compare thumbnails with the index: %w", err)
	}
	if err := s.store.ForgetDeletions(ctx, s.now().Add(-ledgerKept)); err != nil {
		return r, fmt.Errorf("forget old deletions: %w", err)
	}
	return r, nil
}
