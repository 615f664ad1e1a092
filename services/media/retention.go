package media

import (
	"context"
	"errors"
	"fmt"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// retainEvery is how often retention looks without being asked: pictures grow
	// old and devices are deleted with no upload to notice it.
	retainEvery = time.Minute
	// retainPause keeps uploads that each go over the quota from asking for a pass
	// each.
	retainPause = time.Second
	// roomWhenFull is how many pictures of the largest size a pass makes room for after
	// a write found none, whatever the numbers say: a bucket does not tell how much it
	// holds, and a disk can run out of inodes.
	roomWhenFull = 4
	// retainBatch is how many pictures are condemned in one transaction.
	retainBatch = 100
)

// Policy is how long and how much is kept. The zero value keeps everything.
type Policy struct {
	// Quota in bytes; beyond it the oldest unpinned pictures go. 0: no limit.
	Quota int64
	// MaxAge since capture; older unpinned pictures go. 0: no limit.
	MaxAge time.Duration
	// MinFree is how many bytes retention leaves free on the disk, for the
	// database and whatever else lives there. Uploads are refused when less than
	// half of it is left. 0: no limit.
	MinFree int64
}

// DefaultPolicy suits a Pi with a 32 GB card.
func DefaultPolicy() Policy {
	return Policy{Quota: 8 << 30, MaxAge: 30 * 24 * time.Hour, MinFree: 512 << 20}
}

// Validate reports what cannot be meant.
func (p Policy) Validate() error {
	if p.Quota < 0 || p.MaxAge < 0 || p.MinFree < 0 {
		return errors.New("quota, age and free space cannot be negative; 0 means no limit")
	}
	return nil
}

// limit returns how many bytes of pictures may be kept while used are, given what
// is free on the disk (free < 0: unknown). ok is false when there is no limit.
func (p Policy) limit(used, free int64) (bytes int64, ok bool) {
	if p.Quota > 0 {
		bytes, ok = p.Quota, true
	}
	if p.MinFree > 0 && free >= 0 {
		if room := max(0, used+free-p.MinFree); !ok || room < bytes {
			bytes, ok = room, true
		}
	}
	return bytes, ok
}

// Retained is what one pass of retention removed.
type Retained struct {
	Aged, OverQuota, OfDeletedDevices int
	// Crowded means that more should go and nothing more may: the rest is pinned,
	// or the disk is full of other things. Uploads are refused until that changes.
	Crowded bool
}

// Retain makes one pass: pictures of deleted devices, then too old ones, then the
// oldest until quota and free space are kept. Each removal is in the ledger first.
func (s *Service) Retain(ctx context.Context) (Retained, error) {
	s.retaining.Lock()
	defer s.retaining.Unlock()
	var r Retained
	var errs []error
	var err error
	if r.OfDeletedDevices, err = s.purgeDeleted(ctx); err != nil {
		// Not known which devices are deleted; room and age do not depend on it.
		errs = append(errs, fmt.Errorf("purge deleted devices: %w", err))
	}
	if r.Aged, err = s.retainByAge(ctx); err != nil {
		errs = append(errs, fmt.Errorf("remove old pictures: %w", err))
	}
	if r.OverQuota, r.Crowded, err = s.retainByRoom(ctx); err != nil {
		errs = append(errs, fmt.Errorf("make room: %w", err))
	}
	return r, errors.Join(errs...)
}

// retainByAge waits for a clock that can be trusted: a Pi has none of its own, and a
// wrong year would make every picture too old.
func (s *Service) retainByAge(ctx context.Context) (int, error) {
	now := s.now()
	if s.policy.MaxAge == 0 || !s.clock.settled(now, now.Sub(s.started)) {
		return 0, nil
	}
	unpinned := false
	q := Query{To: now.Add(-s.policy.MaxAge), Pinned: &unpinned, OldestFirst: true, Limit: retainBatch}
	return s.removeAll(ctx, q, ReasonAge)
}

// purgeDeleted removes what devices left that were deleted since, pinned or not.
func (s *Service) purgeDeleted(ctx context.Context) (int, error) {
	devices, err := s.store.Devices(ctx)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, id := range devices {
		state, err := s.states.State(ctx, id)
		if errors.Is(err, ErrNoState) {
			continue // unknown is not deleted
		}
		if err != nil {
			return total, err
		}
		if state.DeletedAt.IsZero() {
			continue
		}
		n, err := s.PurgeDevice(ctx, id, state.DeletedAt)
		total += n
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// PurgeDevice removes the pictures of a device that were received before the time
// of its deletion, pinned or not, and returns how many. Retain does it for every
// deleted device within a minute; calling it does it now.
func (s *Service) PurgeDevice(ctx context.Context, deviceID string, receivedBefore time.Time) (int, error) {
	q := Query{DeviceID: deviceID, ReceivedBefore: receivedBefore, OldestFirst: true, Limit: retainBatch}
	return s.removeAll(ctx, q, ReasonDeviceDeleted)
}

// removeAll removes everything that q finds, a batch at a time.
func (s *Service) removeAll(ctx context.Context, q Query, reason Reason) (int, error) {
	total := 0
	for {
		found, err := s.store.Pictures(ctx, q)
		if err != nil || len(found) == 0 {
			return total, err
		}
		gone, err := s.remove(ctx, ids(found), Verdict{Reason: reason, At: s.now()})
		total += len(gone)
		if err != nil {
			return total, err
		}
		if len(gone) == 0 { // another process is at it
			return total, nil
		}
	}
}

// retainByRoom removes the oldest until what is left fits.
func (s *Service) retainByRoom(ctx context.Context) (removed int, crowded bool, err error) {
	defer func() {
		if err == nil {
			s.crowded.Store(crowded)
		}
	}()
	unpinned := false
	for {
		usage, excess, err := s.measure(ctx)
		// Who set no limit at all wants to decide alone what goes.
		if err == nil && s.full.Swap(false) && (s.policy.Quota > 0 || s.policy.MinFree > 0) {
			excess = max(excess, roomWhenFull*s.maxBytes)
		}
		if err != nil || excess <= 0 {
			return removed, false, err
		}
		found, err := s.store.Pictures(ctx, Query{Pinned: &unpinned, OldestFirst: true, Limit: retainBatch})
		if err != nil {
			return removed, false, err
		}
		if len(found) == 0 {
			s.log.WarnContext(ctx, "no room for pictures and nothing left to delete",
				"used_bytes", usage.Bytes, "pinned_bytes", usage.PinnedBytes, "excess_bytes", excess)
			return removed, true, nil
		}
		enough := 0
		for enough < len(found) && excess > 0 {
			excess -= found[enough].Bytes
			enough++
		}
		gone, err := s.remove(ctx, ids(found[:enough]), Verdict{Reason: ReasonQuota, At: s.now()})
		removed += len(gone)
		if err != nil || len(gone) == 0 {
			return removed, false, err
		}
	}
}

// measure reads how much is kept and by how many bytes that is too much, and takes
// both as the new base of the running estimate.
func (s *Service) measure(ctx context.Context) (usage Usage, excess int64, err error) {
	usage, err = s.store.Usage(ctx)
	if err != nil {
		return usage, 0, err
	}
	limit, limited, err := s.limit(ctx, usage.Bytes)
	if err != nil {
		return usage, 0, err
	}
	s.used.Store(usage.Bytes)
	if !limited {
		s.usedLimit.Store(-1)
		return usage, 0, nil
	}
	s.usedLimit.Store(limit)
	return usage, usage.Bytes - limit, nil
}

// limit asks the disk and the policy how much may be kept.
func (s *Service) limit(ctx context.Context, used int64) (int64, bool, error) {
	free, known, err := s.pictures.Free(ctx)
	if err != nil {
		return 0, false, fmt.Errorf("ask for free space: %w", err)
	}
	if !known {
		free = -1
	}
	limit, ok := s.policy.limit(used, free)
	return limit, ok, nil
}

// remove condemns pictures, removes their bytes and thumbnails and erases their
// rows, and returns those that it condemned. When it fails half way the rest is
// left in state deleting, for Reconcile.
func (s *Service) remove(ctx context.Context, ids []string, v Verdict) ([]Picture, error) {
	gone, err := s.store.Condemn(ctx, ids, v)
	if err != nil || len(gone) == 0 {
		return nil, err
	}
	for _, p := range gone {
		s.used.Add(-p.Bytes)
	}
	return gone, s.bury(ctx, gone)
}

// bury does the rest of a deletion after the pictures were condemned.
func (s *Service) bury(ctx context.Context, gone []Picture) error {
	list := ids(gone)
	if err := s.pictures.Remove(ctx, list); err != nil {
		return fmt.Errorf("remove %d pictures: %w", len(list), err)
	}
	if err := s.thumbnails.Remove(ctx, list); err != nil {
		return fmt.Errorf("remove %d thumbnails: %w", len(list), err)
	}
	if err := s.store.Erase(ctx, list); err != nil {
		return err
	}
	for _, p := range gone {
		s.events.PictureDeleted(ctx, p)
	}
	return nil
}

// room reports why there is no room for another picture, before its body is read.
func (s *Service) room(ctx context.Context) error {
	if s.crowded.Load() {
		s.retainNow()
		return fault.New(fault.Unavailable, "There is no room: all that is left is pinned, or other files fill the disk. Unpin or delete pictures, or raise the quota.").After(crowdedRetry)
	}
	if s.policy.MinFree == 0 {
		return nil
	}
	free, known, err := s.pictures.Free(ctx)
	if err != nil {
		return fmt.Errorf("ask for free space: %w", err)
	}
	if known && free < s.policy.MinFree/2 {
		return s.writeFault(ErrFull)
	}
	return nil
}

func ids(pictures []Picture) []string {
	list := make([]string, len(pictures))
	for i, p := range pictures {
		list[i] = p.ID
	}
	return list
}
