package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// DefaultMaxBytes is the largest accepted picture unless configured otherwise: four
// times what a 5 MP camera makes.
const DefaultMaxBytes = 8 << 20

// Publisher tells the live stream what happened. It is safe for concurrent use,
// returns soon and deals with its own errors: a picture is stored whether or not
// anyone is told. A crash between the change and the call loses the message, so a
// listener that must know everything lists again when it reconnects.
type Publisher interface {
	PictureStored(ctx context.Context, p Picture)
	PictureDeleted(ctx context.Context, p Picture)
}

// Config is what a Service stands on. Store, Pictures, Thumbnails and States are
// required; the other zero values are usable.
type Config struct {
	Store      Store
	Pictures   Blobs
	Thumbnails Blobs
	States     States
	Events     Publisher // nil: nobody listens
	Policy     Policy
	MaxBytes   int64 // of one picture; 0: DefaultMaxBytes
	// SoleWriter says that no other process writes to Store and Pictures, so that
	// every writing row found at start is a crashed one's and is repaired at once.
	SoleWriter bool
	Logger     *slog.Logger     // nil: no log
	Now        func() time.Time // nil: time.Now
}

// Service is the rules of package media. It is safe for concurrent use.
type Service struct {
	store      Store
	pictures   Blobs
	thumbnails Blobs
	states     States
	events     Publisher
	policy     Policy
	maxBytes   int64
	soleWriter bool
	log        *slog.Logger
	now        func() time.Time
	started    time.Time

	uploads limitedCrowd // by device
	busy    crowd        // by picture id: being committed now

	// used and usedLimit estimate between two passes of retention whether an upload
	// goes over the limit. Retention measures; an estimate that is off costs a pass
	// too many or a minute's delay. usedLimit < 0: no limit or not known yet.
	used, usedLimit atomic.Int64
	crowded         atomic.Bool
	full            atomic.Bool   // a write found no room since the last pass
	wanted          chan struct{} // asks for a pass; capacity 1
	retaining       sync.Mutex    // one pass at a time; guards clock
	clock           steadyClock

	making chan struct{} // one token per thumbnail that may be made at a time
	tidy   tidier
}

// New returns a Service. It starts nothing: run Loops beside it.
func New(cfg Config) (*Service, error) {
	if cfg.Store == nil || cfg.Pictures == nil || cfg.Thumbnails == nil || cfg.States == nil {
		return nil, errors.New("media service: store, pictures, thumbnails and states are required")
	}
	if err := cfg.Policy.Validate(); err != nil {
		return nil, fmt.Errorf("media service: %w", err)
	}
	s := &Service{
		store: cfg.Store, pictures: cfg.Pictures, thumbnails: cfg.Thumbnails, states: cfg.States,
		events: cfg.Events, policy: cfg.Policy, maxBytes: cfg.MaxBytes, soleWriter: cfg.SoleWriter,
		log: cfg.Logger, now: cfg.Now,
		wanted: make(chan struct{}, 1),
		making: make(chan struct{}, thumbnailsAtOnce),
		tidy:   newTidier(),
	}
	if s.events == nil {
		s.events = silence{}
	}
	if s.maxBytes <= 0 {
		s.maxBytes = DefaultMaxBytes
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.usedLimit.Store(-1)
	s.started = s.now()
	s.clock.settled(s.started, 0)
	return s, nil
}

// MaxBytes is the largest accepted picture, in bytes.
func (s *Service) MaxBytes() int64 { return s.maxBytes }

// Ping reports whether pictures can be kept and found now, for readiness.
func (s *Service) Ping(ctx context.Context) error { return s.pictures.Ping(ctx) }

// Picture returns the record of a stored picture, or ErrNoPicture.
func (s *Service) Picture(ctx context.Context, id string) (Picture, error) {
	if err := CheckPictureID(id); err != nil {
		return Picture{}, err
	}
	return s.store.Picture(ctx, id)
}

// Pictures lists stored pictures.
func (s *Service) Pictures(ctx context.Context, q Query) ([]Picture, error) {
	return s.store.Pictures(ctx, q)
}

// Open returns a stored picture with its bytes, which the caller closes.
func (s *Service) Open(ctx context.Context, id string) (Picture, Blob, error) {
	p, err := s.Picture(ctx, id)
	if err != nil {
		return Picture{}, nil, err
	}
	b, err := s.pictures.Open(ctx, id)
	if errors.Is(err, ErrNoBlob) {
		// Reconcile will put it into the ledger; one missing file may also be a disk
		// that is not mounted, so nothing is decided here.
		s.log.ErrorContext(ctx, "a stored picture has no bytes", "picture_id", id)
		return Picture{}, nil, fault.Wrap(err, fault.NotFound, "The bytes of this picture are gone from the disk.")
	}
	return p, b, err
}

// SetPinned pins or unpins a picture. Doing it twice changes and records nothing.
func (s *Service) SetPinned(ctx context.Context, id string, pinned bool, by Actor) (Picture, error) {
	p, err := s.Picture(ctx, id)
	if err != nil {
		return Picture{}, err
	}
	action := ActionUnpin
	if pinned {
		action = ActionPin
	}
	p, err = s.store.SetPinned(ctx, id, pinned, NewAuditEntry(by, s.now(), action, p))
	if err == nil && !pinned && s.crowded.Load() {
		s.retainNow()
	}
	return p, err
}

// Delete deletes a picture for an operator.
func (s *Service) Delete(ctx context.Context, id string, by Actor) error {
	if err := CheckPictureID(id); err != nil {
		return err
	}
	// Once condemned it is worth finishing, also when the operator hangs up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitLimit)
	defer cancel()
	gone, err := s.store.Condemn(ctx, []string{id}, Verdict{Reason: ReasonOperator, At: s.now(), By: by})
	if err != nil {
		return err
	}
	if len(gone) == 0 {
		return ErrNoPicture
	}
	s.used.Add(-gone[0].Bytes)
	if err := s.bury(ctx, gone); err != nil {
		// It is shown nowhere any more and in the ledger; Repair removes the bytes.
		s.log.WarnContext(ctx, "delete picture: the rest is left to the next reconciliation", "picture_id", id, "error", err)
	}
	if s.crowded.Load() {
		s.retainNow()
	}
	return nil
}

// Deletions returns a page of the ledger.
func (s *Service) Deletions(ctx context.Context, page Page) ([]Deletion, error) {
	return s.store.Deletions(ctx, page)
}

// Audit returns a page of what operators changed.
func (s *Service) Audit(ctx context.Context, page Page) ([]AuditEntry, error) {
	return s.store.Audit(ctx, page)
}

// silence is the Publisher of nobody.
type silence struct{}

func (silence) PictureStored(context.Context, Picture)  {}
func (silence) PictureDeleted(context.Context, Picture) {}
