package registry

import (
	"context"
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
	key := network(from)
	wait, err := s.limits.Enrolment.Peek(ctx, key)
	if err != nil {
		return Registered{}, errLimits(err)
	}
	var result outcome
	var guess bool
	st, err := s.update(ctx, r.DeviceID, auth.Principal{}, func(st Standing, now time.Time) (Change, error) {
		guess = s.policy.guesses(st, r)
		if guess && wait > 0 {
			return Change{}, errTooManyAttempts.After(wait)
		}
		ch, out, err := s.policy.register(st, r, from, now)
		result = out
		// A device that asks again and again for approval is not guessing.
		guess = guess && (err != nil || out == waiting && ch.Request != nil && ch.Request.RequestedAt.Equal(now))
		return ch, err
	})
	if guess && wait == 0 {
		if _, err := s.limits.Enrolment.Allow(ctx, key); err != nil {
			return Registered{}, errLimits(err)
		}
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
