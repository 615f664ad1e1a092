// Package redis keeps beats in Redis, where every replica sees them, and reads
// the device states that the registry publishes there.
//
// It owns the keys nestbox:presence:*, nestbox:reading:*, nestbox:beats and the
// leases. It only reads nestbox:device:*, which is the registry's. Everything
// here may vanish at any time; no rule of Nestbox needs it to last.
package redis

import (
	"strconv"
	"time"

	"home.arpa/nestbox/services/telemetry"
)

const (
	// keyBeats is a sorted set: device id by the time of its last beat in Unix
	// milliseconds.
	keyBeats = "nestbox:beats"

	prefixDevice   = "nestbox:device:"   // hash, written by the registry
	prefixPresence = "nestbox:presence:" // the last beat, which expires when its device is offline
	prefixReading  = "nestbox:reading:"  // the same, which does not expire
)

// stateFields are the fields of a device's hash, in the order in which
// parseState takes them.
var stateFields = []string{
	"epoch", "status", "privacy_locked", "privacy_generation", "pending_commands",
	"heartbeat_interval_seconds", "deleted_at_ms",
}

// parseState reads the values of stateFields. A field that is absent or is not
// a number counts as 0: the registry writes it again whole within a second.
func parseState(values []any) telemetry.DeviceState {
	text := func(i int) string {
		if i >= len(values) {
			return ""
		}
		s, _ := values[i].(string)
		return s
	}
	number := func(i int) int64 {
		n, _ := strconv.ParseInt(text(i), 10, 64)
		return n
	}
	state := telemetry.DeviceState{
		Known:             text(0) != "" || text(1) != "",
		Epoch:             number(0),
		Status:            telemetry.Status(text(1)),
		PrivacyLocked:     text(2) == "1",
		PrivacyGeneration: number(3),
		PendingCommands:   int(number(4)),
	}
	if s := number(5); s > 0 && s <= int64(telemetry.MaxInterval/time.Second) {
		state.HeartbeatInterval = time.Duration(s) * time.Second
	}
	if ms := number(6); ms > 0 {
		state.DeletedAt = time.UnixMilli(ms).UTC()
	}
	return state
}
