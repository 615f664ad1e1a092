package registry

import (
	"context"
	"sync"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// lookEvery is how often a waiting device's commands are looked for without
	// being woken, in case that a wake-up was lost. Five hundred cameras that wait
	// all the time cost 25 small reads a second.
	lookEvery = 20 * time.Second
	// lookEveryAlone is the same while wake-ups of other processes do not arrive.
	lookEveryAlone = time.Second
)

var (
	errRevoked = fault.New(fault.Unauthenticated, "This token is no longer valid. Register again to get a new one.")
	errForeign = fault.New(fault.Forbidden, "The token belongs to another device than the request names.")
)

// polls holds the one waiting request of each device.
type polls struct {
	mu      sync.Mutex
	waiting map[string]*poll
}

type poll struct{ replaced chan struct{} }

// enter makes the caller the device's waiting request and ends the one before:
// a camera that lost its connection asks again, and a command must not be handed
// to the dead one.
func (p *polls) enter(id string) (replaced <-chan struct{}, leave func()) {
	mine := &poll{replaced: make(chan struct{})}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting == nil {
		p.waiting = map[string]*poll{}
	}
	if old := p.waiting[id]; old != nil {
		close(old.replaced)
	}
	p.waiting[id] = mine
	return mine.replaced, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.waiting[id] == mine {
			delete(p.waiting, id)
		}
	}
}

// NextCommands hands the device the commands that are due, oldest first. When
// there are none it waits for one, up to wait, and returns none. A wait ends at
// once with none when the device asks again elsewhere or stop is closed.
//
// fault.Unauthenticated when the token is overtaken, also during the wait;
// fault.Forbidden when it is not the device's own.
func (s *Service) NextCommands(ctx context.Context, c auth.Claims, deviceID string, wait time.Duration, stop <-chan struct{}) ([]Command, error) {
	if c.Subject != deviceID {
		return nil, errForeign
	}
	if wait <= 0 {
		commands, _, err := s.takeCommands(ctx, c)
		return commands, err
	}
	replaced, leave := s.polls.enter(deviceID)
	defer leave()
	// Listen before looking: what is created after the look wakes us.
	woken, unlisten := s.notifier.Listen(deviceID)
	defer unlisten()
	end := time.NewTimer(wait)
	defer end.Stop()
	for {
		commands, open, err := s.takeCommands(ctx, c)
		if err != nil || len(commands) > 0 {
			return commands, err
		}
		look := time.NewTimer(s.lookAfter(open))
		select {
		case <-woken:
		case <-look.C:
		case <-end.C:
			wait = 0
		case <-replaced:
			wait = 0
		case <-stop:
			wait = 0
		case <-ctx.Done():
			look.Stop()
			return nil, ctx.Err()
		}
		look.Stop()
		if wait == 0 {
			return nil, nil
		}
	}
}

// lookAfter returns when to look again; open says that a command was handed out
// and not answered yet.
func (s *Service) lookAfter(open bool) time.Duration {
	switch {
	case !s.notifier.Reachable():
		return lookEveryAlone
	case open:
		return redeliverAfter
	}
	return lookEvery
}

// takeCommands returns what is due, and whether any command is open. It reads
// first and writes only when something is due: a device that waits for nothing
// must not wear the card.
func (s *Service) takeCommands(ctx context.Context, c auth.Claims) (handed []Command, open bool, err error) {
	p, err := s.store.Poll(ctx, c.Subject, s.now())
	if err != nil {
		return nil, false, unknownIsRevoked(err)
	}
	if err := accepts(p.Status, p.Epoch, c); err != nil || !p.Due {
		return nil, p.Open, err
	}
	_, err = s.update(ctx, c.Subject, auth.Principal{}, func(st Standing, now time.Time) (Change, error) {
		if err := st.accepts(c); err != nil {
			return Change{}, err
		}
		ch := st.deliver(now)
		handed = ch.Commands
		return ch, nil
	})
	return handed, true, err
}

// unknownIsRevoked answers a good token of a device that the database does not
// know, after a restore for example: it must register again.
func unknownIsRevoked(err error) error {
	if fault.KindOf(err) == fault.NotFound {
		return errRevoked
	}
	return err
}

// accepts reports whether the token is that of the device's present credential.
func (st Standing) accepts(c auth.Claims) error {
	if st.Device == nil {
		return errRevoked
	}
	return accepts(st.Device.Status, st.Device.Epoch, c)
}

func accepts(status Status, epoch int64, c auth.Claims) error {
	if status != StatusApproved || c.Epoch < epoch {
		return errRevoked
	}
	return nil
}
