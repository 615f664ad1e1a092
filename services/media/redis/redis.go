// Package redis reads the state of devices that the registry publishes in Redis. It
// writes nothing there.
//
// Unlike elsewhere in Nestbox, Redis is no mere helper here. Without it media cannot
// know whether a camera was locked a second ago, so it takes no pictures. Nothing is
// cached.
package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/media"
)

const deviceKey = "nestbox:device:" // + canonical id: hash

// States implements media.States.
type States struct{ client *redis.Client }

var _ media.States = (*States)(nil)

// NewStates returns States that read through client, which stays the caller's.
func NewStates(client *redis.Client) *States { return &States{client: client} }

// fields of the hash that media looks at, in the order of parse.
var fields = []string{"epoch", "status", "privacy_locked", "privacy_generation", "deleted_at_ms"}

// State implements media.States.
func (s *States) State(ctx context.Context, deviceID string) (media.DeviceState, error) {
	values, err := s.client.HMGet(ctx, deviceKey+deviceID, fields...).Result()
	if err != nil {
		return media.DeviceState{}, fmt.Errorf("read state of %s: %w", deviceID, rds.Translate(err))
	}
	state, err := parse(values)
	if err != nil {
		return media.DeviceState{}, fmt.Errorf("read state of %s: %w", deviceID, err)
	}
	state.DeviceID = deviceID
	return state, nil
}

// parse reads the values of fields; ErrNoState when there are none. A field that
// decides and is missing or garbled is an error: guessing could store what a person
// has forbidden.
func parse(values []any) (media.DeviceState, error) {
	var texts [5]string
	known := false
	for i, v := range values {
		if text, ok := v.(string); ok && i < len(texts) {
			texts[i], known = text, true
		}
	}
	if !known {
		return media.DeviceState{}, media.ErrNoState
	}
	epoch, err1 := strconv.ParseInt(texts[0], 10, 64)
	locked, err2 := strconv.ParseBool(texts[2])
	generation, err3 := strconv.ParseInt(texts[3], 10, 64)
	var deletedMs int64
	var err4 error
	if texts[4] != "" {
		deletedMs, err4 = strconv.ParseInt(texts[4], 10, 64)
	}
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return media.DeviceState{}, fmt.Errorf("garbled hash: %w", err)
	}
	state := media.DeviceState{Epoch: epoch, Status: media.Status(texts[1]), PrivacyLocked: locked, PrivacyGeneration: generation}
	if deletedMs > 0 {
		state.DeletedAt = time.UnixMilli(deletedMs).UTC()
	}
	return state, nil
}
