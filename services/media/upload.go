package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media/digest"
	"home.arpa/nestbox/services/media/jpegcheck"
)

const (
	// MaxFrameAge is the oldest frame that a device may send.
	MaxFrameAge = 24 * time.Hour
	// UploadLimit is how long the body of a picture may take to arrive.
	UploadLimit = time.Minute
	// commitLimit bounds the writes after the last byte arrived. They go on when the
	// caller hangs up: the picture is whole, and its retry would be the same work.
	commitLimit = 20 * time.Second
	// fullRetry is the advice when the disk is full: retention needs a moment.
	fullRetry = 30 * time.Second
	// crowdedRetry is the advice when everything that could be deleted is pinned: a
	// person has to act.
	crowdedRetry = 5 * time.Minute
	// uploadRetry is the advice to a device that sends too much at once.
	uploadRetry = 2 * time.Second
	copyBuffer  = 32 << 10
)

// Upload is what a device says of the picture that it sends.
type Upload struct {
	Token   Token
	EventID string // passed CheckEventID, or empty
	Digest  digest.Wanted
	// FrameAge is the age of the frame when the upload began, 0 to MaxFrameAge.
	FrameAge time.Duration
	// Generation is the privacy state that the device captured under; nil when it
	// did not say.
	Generation *int64
	// Length is the declared number of bytes, -1 when none was.
	Length int64
}

// Upload takes one picture in and returns its record once it is durable. The same
// picture again (device, event or none, bytes) returns the record of the first.
//
// Who may send and whether the camera is locked is decided before the first byte
// of body is read, and the lock once more after the last. The body is never held
// in memory. After any error there is neither row nor bytes.
//
// Errors: Unauthenticated, Forbidden (privacy), TooLarge, Unsupported (no JPEG),
// Unprocessable (cut, damaged, out of bounds, digest), RateLimited (too many at
// once), Unavailable (state unknown, disk full, store away), and errors of body as
// they are.
func (s *Service) Upload(ctx context.Context, u Upload, body io.Reader) (Picture, error) {
	received := s.now()
	if err := s.admit(ctx, u.Token, u.Generation); err != nil {
		return Picture{}, err
	}
	if u.Length > s.maxBytes {
		return Picture{}, s.tooLarge()
	}
	if err := s.room(ctx); err != nil {
		return Picture{}, err
	}
	leave, err := s.uploads.enter(u.Token.DeviceID)
	if err != nil {
		return Picture{}, err
	}
	defer leave()

	staged, err := s.pictures.Stage(ctx)
	if err != nil {
		return Picture{}, s.writeFault(fmt.Errorf("stage picture of %s: %w", u.Token.DeviceID, err))
	}
	defer func() { _ = staged.Discard() }()
	p, err := s.receive(u, body, staged)
	if err != nil {
		return Picture{}, err
	}
	p.ReceivedAt = atMicros(received)
	p.CapturedAt = atMicros(received.Add(-u.FrameAge))

	// Now it is whole. From here on a hang-up changes nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	if err := s.admit(ctx, u.Token, u.Generation); err != nil {
		return Picture{}, err
	}
	return s.keep(ctx, p, staged)
}

// receive copies body to staged and returns what it is.
func (s *Service) receive(u Upload, body io.Reader, staged io.Writer) (Picture, error) {
	var check jpegcheck.Checker
	sum := digest.NewSummer(u.Digest)
	buf := make([]byte, copyBuffer)
	var total int64
	for {
		n, err := body.Read(buf)
		if total += int64(n); total > s.maxBytes {
			return Picture{}, s.tooLarge()
		}
		if _, cerr := check.Write(buf[:n]); cerr != nil {
			return Picture{}, refuse(cerr, check.Offset())
		}
		_, _ = sum.Write(buf[:n])
		if _, werr := staged.Write(buf[:n]); werr != nil {
			return Picture{}, s.writeFault(fmt.Errorf("stage picture of %s: %w", u.Token.DeviceID, werr))
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Picture{}, bodyFault(err, total, u.Length)
		}
	}
	if u.Length >= 0 && total != u.Length {
		return Picture{}, bodyFault(io.ErrUnexpectedEOF, total, u.Length)
	}
	info, err := check.Finish()
	if err != nil {
		return Picture{}, refuse(err, total)
	}
	sha256, err := sum.Finish()
	if err != nil {
		return Picture{}, fault.Wrap(err, fault.Unprocessable, "The bytes are not those that Content-Digest describes. Nothing was stored; send the picture again.")
	}
	return Picture{
		ID: newID(), DeviceID: u.Token.DeviceID, EventID: u.EventID, State: StateWriting,
		Bytes: total, SHA256: sha256, Width: info.Width, Height: info.Height,
	}, nil
}

// keep records p and makes its bytes durable, in the order of the package comment.
//
// Two uploads of the same picture meet in Begin: the second gets the row of the
// first. When that is still writing, both put the same bytes under the same id, so
// neither waits for the other, nor for one that died.
func (s *Service) keep(ctx context.Context, p Picture, staged Staged) (Picture, error) {
	leave := s.busy.enter(p.ID)
	defer leave()
	row, err := s.store.Begin(ctx, p)
	if err != nil {
		// A commit whose answer was lost may have happened all the same. Then the
		// retry joins that row, or Reconcile drops it, since nothing is under its id.
		return Picture{}, s.writeFault(err)
	}
	known := row.State == StateStored
	if known {
		// 200 promises that the bytes are there. When somebody removed them, these are
		// the same and take their place.
		n, err := s.pictures.Size(ctx, row.ID)
		if err == nil && n == row.Bytes {
			return row, nil
		}
		if err != nil && !errors.Is(err, ErrNoBlob) {
			return Picture{}, err
		}
		s.log.WarnContext(ctx, "the bytes of a stored picture were gone and came again", "picture_id", row.ID)
	}
	leaveRow := s.busy.enter(row.ID)
	defer leaveRow()
	if err := staged.Commit(ctx, row.ID); err != nil {
		// A row that another upload began is that one's to give up.
		if row.ID == p.ID {
			s.giveUp(ctx, row.ID)
		}
		return Picture{}, s.writeFault(fmt.Errorf("keep picture %s: %w", row.ID, err))
	}
	stored, err := s.store.Finish(ctx, row.ID)
	if err != nil {
		// Nobody knows whether it is stored. The bytes are whole: a retry or Reconcile
		// finishes it.
		return Picture{}, s.writeFault(err)
	}
	if !stored { // given up or deleted between Begin and now
		s.giveUp(ctx, row.ID)
		return Picture{}, fault.New(fault.Unavailable, "The picture was removed while it was being stored. Send it again.").After(time.Second)
	}
	if known {
		return row, nil
	}
	row.State = StateStored
	s.used.Add(row.Bytes)
	s.events.PictureStored(ctx, row)
	s.retainIfOver()
	return row, nil
}

// giveUp undoes an upload: first the bytes, then the row, so that there are never
// bytes without a row. What fails here is left to Reconcile.
func (s *Service) giveUp(ctx context.Context, id string) {
	if err := s.pictures.Remove(ctx, []string{id}); err != nil {
		s.log.WarnContext(ctx, "undo upload: bytes stay until the next reconciliation", "picture_id", id, "error", err)
		return
	}
	if err := s.store.Abandon(ctx, id); err != nil {
		s.log.WarnContext(ctx, "undo upload: row stays until the next reconciliation", "picture_id", id, "error", err)
	}
}

// writeFault makes a full disk something that the device can act on, and sets
// retention to work.
func (s *Service) writeFault(err error) error {
	if !errors.Is(err, ErrFull) {
		return err
	}
	s.full.Store(true)
	s.retainNow()
	return fault.Wrap(err, fault.Unavailable, "The hub's disk is full. Nothing was stored; the hub is making room.").After(fullRetry)
}

func (s *Service) tooLarge() error {
	return fault.New(fault.TooLarge, "A picture may have at most %d bytes. Lower the frame size or the JPEG quality.", s.maxBytes)
}

// refuse turns what is wrong with a JPEG into a fault. Its sentence gives the place,
// for whoever writes the firmware.
func refuse(err error, offset int64) error {
	kind := fault.Unprocessable
	if errors.Is(err, jpegcheck.ErrNotJPEG) || errors.Is(err, jpegcheck.ErrUnsupported) {
		kind = fault.Unsupported
	}
	return fault.Wrap(err, kind, "The body %v (at byte %d). Nothing was stored.", err, offset)
}

// bodyFault explains a body that could not be read to its end.
func bodyFault(err error, got, declared int64) error {
	switch {
	case fault.KindOf(err) != fault.Internal, errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) && declared >= 0:
		return fault.Wrap(err, fault.Unprocessable, "The body ended after %d of %d bytes. Nothing was stored.", got, declared)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fault.Wrap(err, fault.Unprocessable, "The body was cut after %d bytes. Nothing was stored.", got)
	}
	return fault.Wrap(err, fault.Invalid, "The body could not be read after %d bytes. Nothing was stored.", got)
}
