package registry

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

// Listing is a device as operators see it.
type Listing struct {
	// Device has the status pending when nothing but Requests is known of it.
	Device Device
	// Requests wait for approval under this id, oldest first.
	Requests []Request
}

// listing returns false for an id that shows nothing: unknown or deleted.
func (st Standing) listing() (Listing, bool) {
	switch {
	case st.Device != nil && st.Device.Status != StatusDeleted:
		return Listing{Device: *st.Device, Requests: st.Requests}, true
	case len(st.Requests) > 0:
		return Listing{Device: st.Requests[0].pending(), Requests: st.Requests}, true
	}
	return Listing{}, false
}

// ParseStatus reads a status from a query.
func ParseStatus(v string) (Status, error) {
	switch st := Status(v); st {
	case StatusPending, StatusApproved, StatusRevoked:
		return st, nil
	default:
		return "", fault.New(fault.Invalid, "status must be one of pending, approved, revoked.")
	}
}

// Devices returns those with the status, or all when it is empty: the ones that
// wait for approval first, then by name and id.
func (s *Service) Devices(ctx context.Context, status Status) ([]Listing, error) {
	all, err := s.store.Standings(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]Listing, 0, len(all))
	for _, st := range all {
		if l, ok := st.listing(); ok && (status == "" || l.Device.Status == status) {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b Listing) int {
		return cmp.Or(
			cmp.Compare(min(1, len(b.Requests)), min(1, len(a.Requests))),
			strings.Compare(strings.ToLower(a.Device.Name), strings.ToLower(b.Device.Name)),
			strings.Compare(a.Device.ID, b.Device.ID),
		)
	})
	return list, nil
}

// Device returns one device, or what waits under its id; fault.NotFound.
func (s *Service) Device(ctx context.Context, id string) (Listing, error) {
	st, err := s.store.Standing(ctx, id)
	if err != nil {
		return Listing{}, err
	}
	return found(st)
}

func found(st Standing) (Listing, error) {
	l, ok := st.listing()
	if !ok {
		return Listing{}, errNoDevice
	}
	return l, nil
}

// UpdateDevice changes what belongs to the operator.
func (s *Service) UpdateDevice(ctx context.Context, who auth.Principal, id string, p DevicePatch) (Listing, error) {
	if err := p.Validate(); err != nil {
		return Listing{}, err
	}
	return s.updateListed(ctx, who, id, func(st Standing, now time.Time) (Change, error) {
		d, err := st.live()
		if err != nil {
			return Change{}, err
		}
		d, changed := p.apply(d)
		if len(changed) == 0 {
			return Change{}, nil
		}
		return Change{Device: &d, Audit: []Entry{{Action: ActionDeviceUpdate, Subject: id, At: now, Detail: changed}}}, nil
	})
}

// ApproveDevice lets the request with the id in, or the only one that waits when
// the id is empty. fault.Conflict when that request is gone, or several wait and
// none was named.
func (s *Service) ApproveDevice(ctx context.Context, who auth.Principal, id, requestID string) (Listing, error) {
	return s.updateListed(ctx, who, id, func(st Standing, now time.Time) (Change, error) { return st.approve(requestID, now) })
}

// RevokeDevice ends the device's credential; everywhere within 1 s.
func (s *Service) RevokeDevice(ctx context.Context, who auth.Principal, id string) (Listing, error) {
	return s.updateListed(ctx, who, id, func(st Standing, now time.Time) (Change, error) { return st.revoke(now) })
}

// SetPrivacy states whether the camera may look, and orders it to obey.
func (s *Service) SetPrivacy(ctx context.Context, who auth.Principal, id string, locked bool) (Listing, error) {
	return s.updateListed(ctx, who, id, func(st Standing, now time.Time) (Change, error) { return st.setPrivacy(locked, who.Name, now) })
}

// DeleteDevice forgets the device and refuses what waits under its id.
func (s *Service) DeleteDevice(ctx context.Context, who auth.Principal, id string) error {
	_, err := s.update(ctx, id, who, func(st Standing, now time.Time) (Change, error) { return st.remove(id, now) })
	return err
}

// SwitchPrivacy takes the position of the camera's own switch and returns the
// state that holds now. Errors as of NextCommands, and those of the rule.
func (s *Service) SwitchPrivacy(ctx context.Context, c auth.Claims, deviceID string, locked bool, generation int64) (Privacy, error) {
	if c.Subject != deviceID {
		return Privacy{}, errForeign
	}
	st, err := s.update(ctx, deviceID, auth.Principal{}, func(st Standing, now time.Time) (Change, error) {
		if err := st.accepts(c); err != nil {
			return Change{}, err
		}
		return st.switchPrivacy(locked, generation, now)
	})
	if err != nil {
		return Privacy{}, err
	}
	return st.Device.Privacy, nil
}

func (s *Service) updateListed(ctx context.Context, who auth.Principal, id string, rule func(Standing, time.Time) (Change, error)) (Listing, error) {
	st, err := s.update(ctx, id, who, rule)
	if err != nil {
		return Listing{}, err
	}
	return found(st)
}
