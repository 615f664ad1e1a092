package registry

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// tokenLife is how long a token of a device with a secret is good. Such a device
	// registers again when told 401, so expiry costs it one request.
	tokenLife = 30 * 24 * time.Hour
	// storyTokenLife is for a client that speaks only the story's protocol: it asks
	// for a token when it boots and never again, so its token must outlive its
	// uptime. Revocation does not wait for expiry in either case.
	storyTokenLife = 5 * 365 * 24 * time.Hour
)

// Options are what a Service is made of. All are required except Events,
// Logger and Now.
type Options struct {
	Store     Store
	Publisher Publisher
	Notifier  Notifier
	Passwords Passwords
	Signer    Signer
	Limits    Limits
	Enrolment Policy
	Events    Events
	Logger    *slog.Logger
	Now       func() time.Time
}

// Service applies the rules. It is safe for concurrent use. Publish and Sweep
// must run in the background for as long as it is used.
type Service struct {
	store     Store
	publisher Publisher
	notifier  Notifier
	passwords Passwords
	signer    Signer
	limits    Limits
	policy    Policy
	events    Events
	log       *slog.Logger
	clock     func() time.Time

	unpublished unpublished
	polls       polls
	used        used
}

// NewService checks the options and returns the service.
func NewService(o Options) (*Service, error) {
	if err := o.Enrolment.Validate(); err != nil {
		return nil, err
	}
	if o.Store == nil || o.Publisher == nil || o.Notifier == nil || o.Passwords == nil || o.Signer == nil ||
		o.Limits.Enrolment == nil || o.Limits.Login == nil || o.Limits.LoginTotal == nil {
		return nil, errors.New("registry: a required option is missing")
	}
	s := &Service{
		store: o.Store, publisher: o.Publisher, notifier: o.Notifier, passwords: o.Passwords,
		signer: o.Signer, limits: o.Limits, policy: o.Enrolment, events: o.Events, log: o.Logger, clock: o.Now,
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	return s, nil
}

// now is the time that is stored: UTC, in milliseconds, so that what was
// written compares equal to what is read from either database.
func (s *Service) now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }

// update runs a rule on what stands for a device and saves what it decides. The
// rule sees only commands whose deadline has not passed; those past it end with
// the same transaction.
func (s *Service) update(ctx context.Context, id string, who auth.Principal, rule func(Standing, time.Time) (Change, error)) (Standing, error) {
	now := s.now()
	var before Standing
	var change Change
	err := s.store.Update(ctx, id, func(st Standing) (Change, error) {
		before = st
		live, overdue := splitOverdue(st.Commands, now)
		st.Commands = live
		ch, err := rule(st, now)
		if err != nil {
			return Change{}, err
		}
		ch.Commands = slices.Concat(overdue, ch.Commands)
		for i := range ch.Audit {
			ch.Audit[i] = signed(ch.Audit[i], who)
		}
		change = ch
		return ch, nil
	})
	if err != nil {
		return Standing{}, err
	}
	s.spread(ctx, id, before, change)
	return after(before, change), nil
}

// signed gives a new entry its id and its actor.
func signed(e Entry, who auth.Principal) Entry {
	e.ID = NewID()
	if e.Actor == "" {
		e.Actor, e.CredentialID = who.Name, who.CredentialID
	}
	return e
}

func splitOverdue(open []Command, now time.Time) (live, overdue []Command) {
	for _, c := range open {
		if c = c.At(now); c.State.Final() {
			overdue = append(overdue, c)
		} else {
			live = append(live, c)
		}
	}
	return live, overdue
}

// after returns what stands once the change is made.
func after(st Standing, ch Change) Standing {
	if ch.Device != nil {
		st.Device = ch.Device
	}
	var requests []Request
	for _, q := range st.Requests {
		if !slices.Contains(ch.DropRequests, q.ID) && (ch.Request == nil || ch.Request.ID != q.ID) {
			requests = append(requests, q)
		}
	}
	if ch.Request != nil {
		requests = append(requests, *ch.Request)
	}
	st.Requests = requests
	var open []Command
	for _, c := range st.Commands {
		if _, changed := (Standing{Commands: ch.Commands}).open(c.ID); !changed {
			open = append(open, c)
		}
	}
	for _, c := range ch.Commands {
		if !c.State.Final() {
			open = append(open, c)
		}
	}
	st.Commands = open
	return st
}

// spread tells the waiting device, the other services and the people who watch
// what a change made. It cannot fail: what is not published now is published
// later.
func (s *Service) spread(ctx context.Context, id string, before Standing, ch Change) {
	then := after(before, ch)
	if then.Device != nil && (before.Device == nil ||
		StateOf(*before.Device, len(before.Commands)) != StateOf(*then.Device, len(then.Commands))) {
		// The device first: it is the one that waits.
		s.notify(ctx, id)
		s.publishDevice(ctx, id)
	}
	s.tell(ctx, ch.news(id, before))
}

func (s *Service) notify(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	if err := s.notifier.Notify(ctx, id); err != nil {
		s.log.DebugContext(ctx, "a waiting device was not woken and will look by itself", "device_id", id, "error", err)
	}
}

func (s *Service) tell(ctx context.Context, news []event) {
	if s.events == nil || len(news) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	for _, e := range news {
		if err := s.events.Publish(ctx, e.kind, e.data); err != nil {
			s.log.DebugContext(ctx, "live event not published", "kind", e.kind, "error", err)
			return
		}
	}
}

// allow asks a limiter. It answers fault.RateLimited with the sentence.
func allow(ctx context.Context, l Limiter, key, sentence string) error {
	wait, err := l.Allow(ctx, key)
	if err != nil {
		return errLimits(err)
	}
	if wait > 0 {
		return fault.New(fault.RateLimited, "%s", sentence).After(wait)
	}
	return nil
}

// errLimits refuses when nobody knows what was tried before.
func errLimits(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The hub cannot check the limits at the moment. Try again shortly.").After(2 * time.Second)
}

// network is what attempts are counted by: an IPv4 address, or the /64 of an
// IPv6 address, since a host chooses the rest itself. What is no address counts
// as it is.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return p.String()
}
