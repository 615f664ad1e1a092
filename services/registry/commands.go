package registry

import (
	"context"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

// CreateCommand queues a command and wakes the device when it waits.
func (s *Service) CreateCommand(ctx context.Context, who auth.Principal, o Order) (Command, error) {
	c, err := o.command(who.Name, s.now())
	if err != nil {
		return Command{}, err
	}
	_, err = s.update(ctx, o.DeviceID, who, func(st Standing, _ time.Time) (Change, error) { return st.create(c) })
	if err != nil {
		return Command{}, err
	}
	return c, nil
}

// Command returns one command as it is now; fault.NotFound.
func (s *Service) Command(ctx context.Context, id string) (Command, error) {
	id, err := parseID(id, errNoCommand)
	if err != nil {
		return Command{}, err
	}
	c, err := s.store.Command(ctx, id)
	if fault.KindOf(err) == fault.NotFound {
		return Command{}, errNoCommand
	}
	return c.At(s.now()), err
}

// Commands returns a page, newest first.
func (s *Service) Commands(ctx context.Context, f CommandFilter, p Page) ([]Command, error) {
	return s.store.Commands(ctx, f, p, s.now())
}

// CancelCommand ends a command that is open. A device that took it already may
// still carry it out, and is told so when it answers. fault.Conflict when it has
// ended in another way; cancelling twice is no error.
func (s *Service) CancelCommand(ctx context.Context, who auth.Principal, id string) (Command, error) {
	c, err := s.Command(ctx, id)
	if err != nil {
		return Command{}, err
	}
	return s.end(ctx, c, StateCancelled, who, func(_ Standing, open Command, now time.Time) (Change, error) {
		return Change{
			Commands: []Command{open.finished(StateCancelled, "cancelled by "+who.Name, now)},
			Audit: []Entry{{
				Action: ActionCommandCancel, Subject: c.ID, At: now,
				Detail: map[string]any{"device_id": c.DeviceID, "kind": c.Kind},
			}},
		}, nil
	})
}

// FinishCommand takes the device's answer to a command. The same answer again
// is no error; another one is fault.Conflict and changes nothing. Commands of
// other devices do not exist: fault.NotFound.
func (s *Service) FinishCommand(ctx context.Context, claims auth.Claims, deviceID, id string, r Result) error {
	if claims.Subject != deviceID {
		return errForeign
	}
	if err := r.Validate(); err != nil {
		return err
	}
	p, err := s.store.Poll(ctx, deviceID, s.now())
	if err != nil {
		return unknownIsRevoked(err)
	}
	if err := accepts(p.Status, p.Epoch, claims); err != nil {
		return err
	}
	c, err := s.Command(ctx, id)
	if err != nil {
		return err
	}
	if c.DeviceID != deviceID {
		return errNoCommand
	}
	_, err = s.end(ctx, c, r.State, auth.Principal{}, func(st Standing, open Command, now time.Time) (Change, error) {
		if err := st.accepts(claims); err != nil {
			return Change{}, err
		}
		return st.finish(open, r, now), nil
	})
	return err
}

// end moves c to the final state want by rule, and returns it as it then is. A
// command that has ended so already comes back unchanged; one that ended
// otherwise is fault.Conflict.
func (s *Service) end(ctx context.Context, c Command, want State, who auth.Principal,
	rule func(Standing, Command, time.Time) (Change, error),
) (Command, error) {
	if !c.State.Final() {
		_, err := s.update(ctx, c.DeviceID, who, func(st Standing, now time.Time) (Change, error) {
			open, ok := st.open(c.ID)
			if !ok { // it ended since it was read
				return Change{}, nil
			}
			return rule(st, open, now)
		})
		if err != nil {
			return Command{}, err
		}
		if c, err = s.Command(ctx, c.ID); err != nil {
			return Command{}, err
		}
	}
	if c.State != want {
		return Command{}, fault.New(fault.Conflict, "This command has ended already: %s.", c.State)
	}
	return c, nil
}
