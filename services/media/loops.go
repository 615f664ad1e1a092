package media

import (
	"context"
	"time"
)

// Loops returns the background work, one function for each: retention and
// reconciliation. Each runs until its context ends and then returns nil; what goes
// wrong is logged and tried again, since a hub with a sick disk still has to take
// events and heartbeats.
func (s *Service) Loops() []func(context.Context) error {
	return []func(context.Context) error{s.retainLoop, s.reconcileLoop, s.tidy.loop}
}

// retainLoop makes a full pass each retainEvery, and one for room alone when an
// upload went over the limit.
func (s *Service) retainLoop(ctx context.Context) error {
	ticker := time.NewTicker(retainEvery)
	defer ticker.Stop()
	for full := true; ; {
		s.retainAndLog(ctx, full)
		if !wait(ctx, retainPause) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			full = true
		case <-s.wanted:
			full = false
		}
	}
}

func (s *Service) retainAndLog(ctx context.Context, full bool) {
	var r Retained
	var err error
	if full {
		r, err = s.Retain(ctx)
	} else {
		s.retaining.Lock()
		r.OverQuota, r.Crowded, err = s.retainByRoom(ctx)
		s.retaining.Unlock()
	}
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "retention", "error", err)
	}
	if n := r.Aged + r.OverQuota + r.OfDeletedDevices; n > 0 {
		s.log.InfoContext(ctx, "retention removed pictures",
			"age", r.Aged, "quota", r.OverQuota, "device_deleted", r.OfDeletedDevices)
	}
}

// reconcileLoop repairs at once, so that a crash is mended before anybody looks, and
// compares everything a little later and then each reconcileEvery.
func (s *Service) reconcileLoop(ctx context.Context) error {
	r, err := s.Repair(ctx)
	s.logReconciled(ctx, r, err)
	for pause := walkDelay; wait(ctx, pause); {
		r, err := s.Reconcile(ctx)
		s.logReconciled(ctx, r, err)
		pause = reconcileEvery
		if err != nil {
			pause = walkDelay // what was away may be back
		}
	}
	return nil
}

func (s *Service) logReconciled(ctx context.Context, r Reconciled, err error) {
	if err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "reconcile pictures with their index", "error", err)
	}
	if r != (Reconciled{}) {
		s.log.InfoContext(ctx, "reconciled pictures with their index",
			"swept", r.Swept, "finished", r.Finished, "abandoned", r.Abandoned, "deleted", r.Deleted,
			"lost", r.Lost, "damaged", r.Damaged, "unknown", r.Unknown, "orphan_thumbnails", r.Orphans)
	}
}

// retainNow asks for a pass without waiting for it.
func (s *Service) retainNow() {
	select {
	case s.wanted <- struct{}{}:
	default: // asked for already
	}
}

// retainIfOver asks for a pass when the estimate is over the limit.
func (s *Service) retainIfOver() {
	if limit := s.usedLimit.Load(); limit >= 0 && s.used.Load() > limit {
		s.retainNow()
	}
}

// wait pauses for d and reports whether ctx is still alive.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
