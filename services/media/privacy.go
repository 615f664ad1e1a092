package media

import (
	"context"
	"errors"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// stateRetry is the advice when a device's state cannot be known: the registry
// republishes within a second once Redis is back.
const stateRetry = 5 * time.Second

// Token is what a verified device token says. Signature and expiry are checked by
// whoever made it.
type Token struct {
	DeviceID string
	Epoch    int64
}

// admit reports why the bearer of token may not upload now. generation is the
// privacy state that the device acted on when it captured, nil when it did not say.
//
// It fails closed: while the privacy state cannot be known, nothing is taken.
func (s *Service) admit(ctx context.Context, token Token, generation *int64) error {
	state, err := s.states.State(ctx, token.DeviceID)
	switch {
	case errors.Is(err, ErrNoState):
		return fault.Wrap(err, fault.Unavailable, "The hub does not know yet whether this camera may send pictures. Try again.").After(stateRetry)
	case err != nil:
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.Wrap(err, fault.Unavailable, "The hub cannot find out now whether this camera may send pictures. Try again.").After(stateRetry)
	}
	return state.permit(token.Epoch, generation)
}

// permit is the rule of who may upload, given the state of the device.
func (d DeviceState) permit(epoch int64, generation *int64) error {
	switch {
	case d.Status != StatusApproved, epoch < d.Epoch:
		return fault.New(fault.Unauthenticated, "This token was withdrawn. Register again.")
	case d.PrivacyLocked:
		return fault.New(fault.Forbidden, "This camera is locked for privacy. Nothing was stored.")
	case generation != nil && *generation < d.PrivacyGeneration:
		// A generation changes only when the state does. A frame of an older one may
		// have been taken while the camera was locked and did not know it yet: the
		// switch would not have stopped the camera.
		return fault.New(fault.Forbidden,
			"The picture was taken under privacy state %d and the hub is at %d. Take the state from the next heartbeat and capture again.",
			*generation, d.PrivacyGeneration)
	}
	return nil
}
