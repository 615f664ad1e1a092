package media

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media/thumbnail"
)

const (
	// thumbnailsAtOnce bounds the memory that decoding takes. One also sees to it that
	// two requests for the same thumbnail make it once.
	thumbnailsAtOnce = 1
	// thumbnailLimit bounds waiting for the turn, decoding and writing.
	thumbnailLimit = 20 * time.Second
	// tidyAfter is how long no thumbnail must have been made before memory goes back
	// to the system.
	tidyAfter = 3 * time.Second
)

// OpenThumbnail returns a picture with its thumbnail, which the caller closes. The
// thumbnail is made at the first request and kept.
//
// Unprocessable when the picture cannot be decoded or is too large for that.
func (s *Service) OpenThumbnail(ctx context.Context, id string) (Picture, Blob, error) {
	p, err := s.Picture(ctx, id)
	if err != nil {
		return Picture{}, nil, err
	}
	b, err := s.thumbnails.Open(ctx, id)
	if errors.Is(err, ErrNoBlob) {
		if err = s.makeThumbnail(ctx, id); err == nil {
			b, err = s.thumbnails.Open(ctx, id)
		}
	}
	if errors.Is(err, ErrNoBlob) { // deleted meanwhile
		return Picture{}, nil, ErrNoPicture
	}
	if err != nil {
		return Picture{}, nil, err
	}
	return p, b, nil
}

// makeThumbnail makes and keeps the thumbnail of a picture.
func (s *Service) makeThumbnail(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, thumbnailLimit)
	defer cancel()
	select {
	case s.making <- struct{}{}:
		defer func() { <-s.making }()
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unavailable, "The hub is busy making other thumbnails. Try again.").After(uploadRetry)
	}
	if _, err := s.thumbnails.Size(ctx, id); !errors.Is(err, ErrNoBlob) {
		return err // another request made it while this one waited
	}
	_, src, err := s.Open(ctx, id)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := s.thumbnails.Stage(ctx)
	if err != nil {
		return s.writeFault(fmt.Errorf("stage thumbnail of %s: %w", id, err))
	}
	defer func() { _ = dst.Discard() }()
	defer s.tidy.soon()
	if err := thumbnail.Make(ctx, dst, src); err != nil {
		return s.thumbnailFault(fmt.Errorf("make thumbnail of %s: %w", id, err))
	}
	if err := dst.Commit(ctx, id); err != nil {
		return s.writeFault(fmt.Errorf("keep thumbnail of %s: %w", id, err))
	}
	return s.dropIfDeleted(ctx, id)
}

// dropIfDeleted removes a thumbnail whose picture was deleted while it was made:
// what is deleted must leave no small copy behind.
func (s *Service) dropIfDeleted(ctx context.Context, id string) error {
	_, err := s.store.Picture(ctx, id)
	if !errors.Is(err, ErrNoPicture) {
		return err
	}
	if rerr := s.thumbnails.Remove(context.WithoutCancel(ctx), []string{id}); rerr != nil {
		return errors.Join(err, rerr)
	}
	return err
}

func (s *Service) thumbnailFault(err error) error {
	switch {
	case errors.Is(err, thumbnail.ErrTooCostly):
		return fault.Wrap(err, fault.Unprocessable, "This picture is too large to make a thumbnail of. Fetch the picture itself.")
	case errors.Is(err, thumbnail.ErrUndecodable):
		return fault.Wrap(err, fault.Unprocessable, "This picture cannot be decoded. Fetch the picture itself.")
	}
	return s.writeFault(err)
}

// tidier gives memory back to the system after a burst of decoding. The runtime does
// it too, but only after minutes without a collection: after ten thumbnails of 1600 by
// 1200 a process of 21 MB had 49 MB, and still so 16 s later; asked, it was at 18 MB.
type tidier struct{ wanted chan struct{} }

func newTidier() tidier { return tidier{wanted: make(chan struct{}, 1)} }

// soon asks for it.
func (t tidier) soon() {
	select {
	case t.wanted <- struct{}{}:
	default:
	}
}

// loop waits for the end of each burst.
func (t tidier) loop(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.wanted:
		}
		for quiet := false; !quiet; {
			if !wait(ctx, tidyAfter) {
				return nil
			}
			select {
			case <-t.wanted:
			default:
				quiet = true
			}
		}
		debug.FreeOSMemory()
	}
}
