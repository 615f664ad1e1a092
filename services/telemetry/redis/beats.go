package redis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/telemetry"
)

// Beats is a telemetry.BeatStore on Redis.
type Beats struct {
	client *redis.Client
}

var _ telemetry.BeatStore = (*Beats)(nil)

// NewBeats returns a store on this client, which stays the caller's.
func NewBeats(client *redis.Client) *Beats {
	return &Beats{client: client}
}

// beatScript is a heartbeat in one round trip: it looks at the device's state,
// refuses what telemetry.DeviceState.Admit refuses, and otherwise records the
// beat for the time that telemetry.AllowedSilence gives.
var beatScript = redis.NewScript(`
local s = redis.call('HMGET', KEYS[1], 'epoch', 'status', 'privacy_locked', 'privacy_generation',
	'pending_commands', 'heartbeat_interval_seconds', 'deleted_at_ms')
if s[1] or s[2] then
	if s[2] == 'revoked' or s[2] == 'deleted' or (tonumber(s[1]) or 0) > tonumber(ARGV[2]) then
		return s
	end
end
local interval = (tonumber(s[6]) or 0) * 1000
if interval <= 0 or interval > 3600000 then interval = 60000 end
local sleep = tonumber(ARGV[4])
local allowed = interval * 2.5
if sleep > 0 then allowed = sleep + interval end
local beat = ARGV[5] .. ',"interval_ms":' .. string.format('%d', interval) .. '}'
redis.call('SET', KEYS[2], beat, 'PX', string.format('%d', allowed))
redis.call('ZADD', KEYS[3], ARGV[3], ARGV[1])
redis.call('SET', KEYS[4], beat)
return s
`)

// Beat implements telemetry.BeatStore.
func (s *Beats) Beat(ctx context.Context, b *telemetry.Beat) (telemetry.DeviceState, error) {
	values, err := beatScript.Run(ctx, s.client,
		[]string{prefixDevice + b.DeviceID, prefixPresence + b.DeviceID, keyBeats, prefixReading + b.DeviceID},
		b.DeviceID, b.Epoch, b.ReceivedAt.UnixMilli(), b.Reading.Sleep().Milliseconds(), b.AppendStored(make([]byte, 0, 384)),
	).Slice()
	if err != nil {
		return telemetry.DeviceState{}, rds.Translate(fmt.Errorf("record beat: %w", err))
	}
	return parseState(values), nil
}

// Device implements telemetry.BeatStore, in one round trip.
func (s *Beats) Device(ctx context.Context, deviceID string) (telemetry.DeviceState, *telemetry.Beat, error) {
	pipe := s.client.Pipeline()
	state := pipe.HMGet(ctx, prefixDevice+deviceID, stateFields...)
	reading := pipe.Get(ctx, prefixReading+deviceID)
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return telemetry.DeviceState{}, nil, rds.Translate(fmt.Errorf("read device: %w", err))
	}
	stored, err := reading.Bytes()
	if errors.Is(err, redis.Nil) {
		return parseState(state.Val()), nil, nil
	}
	last, err := telemetry.ParseBeat(deviceID, stored)
	if err != nil {
		return parseState(state.Val()), nil, nil //nolint:nilerr // see pick
	}
	return parseState(state.Val()), &last, nil
}

// States implements telemetry.BeatStore, in one round trip.
func (s *Beats) States(ctx context.Context, deviceIDs []string) (map[string]telemetry.DeviceState, error) {
	states := make(map[string]telemetry.DeviceState, len(deviceIDs))
	if len(deviceIDs) == 0 {
		return states, nil
	}
	pipe := s.client.Pipeline()
	found := make([]*redis.SliceCmd, len(deviceIDs))
	for i, id := range deviceIDs {
		found[i] = pipe.HMGet(ctx, prefixDevice+id, stateFields...)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, rds.Translate(fmt.Errorf("read device states: %w", err))
	}
	for i, id := range deviceIDs {
		if state := parseState(found[i].Val()); state.Known {
			states[id] = state
		}
	}
	return states, nil
}

// Latest implements telemetry.BeatStore.
func (s *Beats) Latest(ctx context.Context, deviceIDs []string) (map[string]telemetry.Beat, error) {
	return s.pick(ctx, prefixReading, deviceIDs)
}

// Live implements telemetry.BeatStore.
func (s *Beats) Live(ctx context.Context, deviceIDs []string) (map[string]telemetry.Beat, error) {
	return s.pick(ctx, prefixPresence, deviceIDs)
}

func (s *Beats) pick(ctx context.Context, prefix string, deviceIDs []string) (map[string]telemetry.Beat, error) {
	beats := make(map[string]telemetry.Beat, len(deviceIDs))
	if len(deviceIDs) == 0 {
		return beats, nil
	}
	keys := make([]string, len(deviceIDs))
	for i, id := range deviceIDs {
		keys[i] = prefix + id
	}
	stored, err := s.client.MGet(ctx, keys...).Result()
	if err != nil {
		return nil, rds.Translate(fmt.Errorf("read beats: %w", err))
	}
	for i, id := range deviceIDs {
		text, ok := stored[i].(string)
		if !ok {
			continue
		}
		// What cannot be read was not written by us. It must not stop the others,
		// and the device's next beat replaces it.
		if b, err := telemetry.ParseBeat(id, []byte(text)); err == nil {
			beats[id] = b
		}
	}
	return beats, nil
}

// Marks implements telemetry.BeatStore.
func (s *Beats) Marks(ctx context.Context) (map[string]int64, error) {
	members, err := s.client.ZRangeWithScores(ctx, keyBeats, 0, -1).Result()
	if err != nil {
		return nil, rds.Translate(fmt.Errorf("list beats: %w", err))
	}
	marks := make(map[string]int64, len(members))
	for _, m := range members {
		if id, ok := m.Member.(string); ok {
			marks[id] = int64(m.Score)
		}
	}
	return marks, nil
}

// forgetScript leaves the beats of a device that has beaten since.
var forgetScript = redis.NewScript(`
local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
if at and tonumber(at) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[1])
return redis.call('DEL', KEYS[2], KEYS[3])
`)

// Forget implements telemetry.BeatStore.
func (s *Beats) Forget(ctx context.Context, deviceID string, before time.Time) error {
	err := forgetScript.Run(ctx, s.client,
		[]string{keyBeats, prefixPresence + deviceID, prefixReading + deviceID}, deviceID, before.UnixMilli()).Err()
	if err != nil {
		return rds.Translate(fmt.Errorf("forget beats: %w", err))
	}
	return nil
}

// Ping reports whether Redis answers.
func (s *Beats) Ping(ctx context.Context) error {
	return rds.Translate(s.client.Ping(ctx).Err())
}
