package registry

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// publishTimeout bounds what a request spends on telling others.
	publishTimeout = 500 * time.Millisecond
	// publishEvery is how often the loop looks for what could not be published, and
	// whether the place was emptied. A revocation holds everywhere within 1 s.
	publishEvery = 500 * time.Millisecond
	// compareEvery is how often all is published again although nothing is known to
	// be missing: another registry process may have died between its database and
	// its publishing.
	compareEvery = 30 * time.Second
	// settleRounds bounds how often a state that changes all the time is followed.
	settleRounds = 5
)

// unpublished holds what is in the database and not known to be published: ids
// of devices and hashes of credentials, each with a count that grows with every
// change, so that a change during publishing is not forgotten.
type unpublished struct {
	mu        sync.Mutex
	devices   map[string]uint64
	operators map[string]uint64
	next      uint64
	// down is set while the last attempt failed. Requests then leave publishing to
	// the loop instead of waiting for a time-out each.
	down atomic.Bool
}

func (u *unpublished) mark(set *map[string]uint64, key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if *set == nil {
		*set = map[string]uint64{}
	}
	u.next++
	(*set)[key] = u.next
}

// take returns a copy of the set.
func (u *unpublished) take(set *map[string]uint64) map[string]uint64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	c := make(map[string]uint64, len(*set))
	for k, v := range *set {
		c[k] = v
	}
	return c
}

// done forgets the key unless it was marked again.
func (u *unpublished) done(set *map[string]uint64, key string, count uint64) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if (*set)[key] == count {
		delete(*set, key)
	}
}

// publishDevice notes that a device changed and tries to publish it at once.
func (s *Service) publishDevice(ctx context.Context, id string) {
	s.unpublished.mark(&s.unpublished.devices, id)
	s.publishSoon(ctx)
}

// publishOperator does the same for a credential.
func (s *Service) publishOperator(ctx context.Context, hash string) {
	s.unpublished.mark(&s.unpublished.operators, hash)
	s.publishSoon(ctx)
}

func (s *Service) publishSoon(ctx context.Context) {
	if s.unpublished.down.Load() {
		return
	}
	// The caller may hang up; the change is made and must spread all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	s.noteDown(ctx, s.publishMarked(ctx))
}

// noteDown logs when publishing begins to fail and when it works again.
func (s *Service) noteDown(ctx context.Context, err error) {
	if was := s.unpublished.down.Swap(err != nil); was == (err != nil) {
		return
	}
	if err != nil {
		s.log.WarnContext(ctx, "the other services cannot be told of changes; trying again until they can", "error", err)
	} else {
		s.log.InfoContext(ctx, "the other services are told of changes again")
	}
}

// publishMarked publishes what is marked and stops at the first failure.
func (s *Service) publishMarked(ctx context.Context) error {
	u := &s.unpublished
	for id, count := range u.take(&u.devices) {
		if err := s.settleDevice(ctx, id); err != nil {
			return err
		}
		u.done(&u.devices, id, count)
	}
	for hash, count := range u.take(&u.operators) {
		if err := s.settleOperator(ctx, hash); err != nil {
			return err
		}
		u.done(&u.operators, hash, count)
	}
	return nil
}

// settleDevice publishes the state of a device and looks again whether it still
// is the state. Two processes that publish one device at the same moment can do
// so in the wrong order; the one that was overtaken sees it here and publishes
// the newer state, so the last one published is always the newest.
func (s *Service) settleDevice(ctx context.Context, id string) error {
	state, err := s.store.DeviceState(ctx, id, s.now())
	for range settleRounds {
		if fault.KindOf(err) == fault.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.publisher.PublishDevice(ctx, state); err != nil {
			return err
		}
		published := state
		if state, err = s.store.DeviceState(ctx, id, s.now()); err == nil && state == published {
			return nil
		}
	}
	return err
}

// settleOperator does the same for a credential.
func (s *Service) settleOperator(ctx context.Context, hash string) error {
	c, err := s.store.CredentialByHash(ctx, hash)
	if err == nil && c.Valid(s.now()) {
		if err := s.publisher.PublishOperator(ctx, hash, c.Principal(), c.ExpiresAt); err != nil {
			return err
		}
		c, err = s.store.CredentialByHash(ctx, hash)
	}
	switch {
	case err == nil && c.Valid(s.now()):
		return nil
	case err == nil || fault.KindOf(err) == fault.NotFound:
		return s.publisher.ForgetOperator(ctx, hash)
	}
	return err
}

// publishAll publishes the whole database, and says so. It reads everything
// before and again after, and settles one by one what changed in between or is
// published and should not be.
func (s *Service) publishAll(ctx context.Context) error {
	end, err := s.publisher.BeginPublishing(ctx)
	if err != nil {
		return err
	}
	if err := s.publishDevices(ctx); err != nil {
		return err
	}
	if err := s.publishOperators(ctx); err != nil {
		return err
	}
	if err := s.publishMarked(ctx); err != nil {
		return err
	}
	return end(ctx)
}

func (s *Service) publishDevices(ctx context.Context) error {
	states, err := s.store.DeviceStates(ctx, s.now())
	if err != nil {
		return err
	}
	published := make(map[DeviceState]bool, len(states))
	for _, st := range states {
		if err := s.publisher.PublishDevice(ctx, st); err != nil {
			return err
		}
		published[st] = true
	}
	if states, err = s.store.DeviceStates(ctx, s.now()); err != nil {
		return err
	}
	for _, st := range states {
		if !published[st] {
			s.unpublished.mark(&s.unpublished.devices, st.DeviceID)
		}
	}
	return nil
}

func (s *Service) publishOperators(ctx context.Context) error {
	live, err := s.store.Credentials(ctx, "", s.now())
	if err != nil {
		return err
	}
	published := make(map[string]bool, len(live))
	for _, c := range live {
		if err := s.publisher.PublishOperator(ctx, c.Hash, c.Principal(), c.ExpiresAt); err != nil {
			return err
		}
		published[c.Hash] = true
	}
	if l, ok := s.publisher.(OperatorLister); ok {
		hashes, err := l.PublishedOperators(ctx)
		if err != nil {
			return err
		}
		for _, h := range hashes {
			published[h] = true
		}
	}
	if live, err = s.store.Credentials(ctx, "", s.now()); err != nil {
		return err
	}
	for _, c := range live {
		delete(published, c.Hash)
	}
	for h := range published {
		s.unpublished.mark(&s.unpublished.operators, h)
	}
	return nil
}

// Publish keeps what is published equal to the database until ctx ends: all of
// it at the start, when the place was emptied and every 30 s; twice a second
// what could not be published when it changed. It returns nil.
func (s *Service) Publish(ctx context.Context) error {
	ticker := time.NewTicker(publishEvery)
	defer ticker.Stop()
	var all time.Time // when all was last published
	for ctx.Err() == nil {
		complete, err := s.publisher.Published(ctx)
		if err == nil {
			if now := time.Now(); !complete || now.Sub(all) >= compareEvery {
				if err = s.publishAll(ctx); err == nil {
					all = now
				}
			} else {
				err = s.publishMarked(ctx)
			}
		}
		if ctx.Err() == nil {
			s.noteDown(ctx, err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	return nil
}
