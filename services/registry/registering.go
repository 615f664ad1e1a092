package registry

import (
	"context"
	"sync"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

// Registered is the answer to a registration.
type Registered struct {
	// Pending is set while a person must decide; RetryAfter says when to ask again,
	// and nothing else is set.
	Pending    bool
	RetryAfter time.Duration

	Token     string
	ExpiresAt time.Time // whole seconds
	Device    Device
	Now       time.Time
}

// Register admits a device, or proves it again, or notes that it waits. from is
// the client's address.
//
// A wrong enrolment key or another secret for a known device counts against the
// address, and beyond the limit such attempts are fault.RateLimited for a while,
// a right key among them: otherwise the limit would not slow down guessing. A
// device that proves its secret never meets the limit.
func (s *Service) Register(ctx context.Context, r Registration, from string) (Registered, error) {
	if err := r.Validate(); err != nil {
		return Registered{}, err
	}
	from, client := network(from), from
	var result outcome
	var guess bool
	st, err := s.update(ctx, r.DeviceID, auth.Principal{}, func(st Standing, now time.Time) (Change, error) {
		guess = s.policy.guesses(st, r)
		if wait := s.blocked.until(from).Sub(now); guess && wait > 0 {
			return Change{}, errTooManyAttempts.After(wait)
		}
		ch, out, err := s.policy.register(st, r, client, now)
		result = out
		// A device that asks again and again for approval is not guessing.
		guess = guess && (err != nil || out == waiting && ch.Request != nil && ch.Request.RequestedAt.Equal(now))
		return ch, err
	})
	if guess {
		s.countGuess(ctx, from)
	}
	if err != nil {
		return Registered{}, err
	}
	if result == waiting {
		return Registered{Pending: true, RetryAfter: askAgain}, nil
	}
	return s.token(*st.Device)
}

var errTooManyAttempts = fault.New(fault.RateLimited, "Too many registrations from this address failed. Try again later.")

// guesses reports whether the registration tries a key or a secret that can be
// wrong.
func (p Policy) guesses(st Standing, r Registration) bool {
	if st.Device == nil || st.Device.Status == StatusDeleted {
		return p.Mode == ModeKey && r.EnrolmentKey != ""
	}
	return r.Secret != "" && !sameSecret(st.Device.SecretHash, r.secretHash())
}

// countGuess counts a failed attempt. An address that has none left is blocked
// until it would have one again.
func (s *Service) countGuess(ctx context.Context, from string) {
	wait, err := s.limits.Enrolment.Allow(ctx, from)
	if err != nil {
		s.log.WarnContext(ctx, "failed registration not counted", "error", err)
		return
	}
	if wait > 0 {
		s.blocked.set(from, s.now().Add(wait), s.now())
	}
}

func (s *Service) token(d Device) (Registered, error) {
	life := tokenLife
	if d.SecretHash == nil {
		life = storyTokenLife
	}
	now := s.now()
	r := Registered{Device: d, Now: now, ExpiresAt: now.Add(life).Truncate(time.Second)}
	var err error
	if r.Token, err = s.signer.Sign(auth.Claims{Subject: d.ID, Epoch: d.Epoch, ExpiresAt: r.ExpiresAt}); err != nil {
		return Registered{}, err
	}
	return r, nil
}

// maxBlocked bounds the memory for blocked addresses.
const maxBlocked = 4096

// blocked holds the addresses whose failed attempts are used up. It belongs to
// one process; the limiter behind it may be shared.
type blocked struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (b *blocked) until(from string) time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.at[from]
}

func (b *blocked) set(from string, until, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at == nil || len(b.at) >= maxBlocked {
		live := map[string]time.Time{}
		for f, t := range b.at {
			if t.After(now) && len(live) < maxBlocked/2 {
				live[f] = t
			}
		}
		b.at = live
	}
	b.at[from] = until
}
