package telemetry

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Beat is one heartbeat as the hub received it.
type Beat struct {
	DeviceID string
	// Epoch is that of the token, which the beat store compares with the
	// device's state.
	Epoch      int64
	ReceivedAt time.Time
	// Interval is the cadence that was in force when the beat was recorded. The
	// store fills it in from the device's state.
	Interval time.Duration
	Reading  Reading
}

// Allowed returns how long after this beat its device may be silent before it
// is offline. Beat stores let the beat expire after exactly this time.
func (b *Beat) Allowed() time.Duration {
	return AllowedSilence(b.Interval, b.Reading.Sleep())
}

// BootStart returns when the run of firmware that sent this beat began, and
// false when the beat does not say or says something impossible.
func (b *Beat) BootStart() (time.Time, bool) {
	since, ok := b.Reading.SinceBoot()
	if !ok {
		return time.Time{}, false
	}
	start := b.ReceivedAt.Add(-since)
	return start, !start.Before(Earliest)
}

// AppendStored appends the form in which every store keeps a beat, one JSON
// object without its last brace: a store that learns the interval only while it
// writes adds `,"interval_ms":N}` itself. It is written out by hand because the
// heartbeat is the one path that every camera takes every minute.
func (b *Beat) AppendStored(dst []byte) []byte {
	r := &b.Reading
	dst = append(dst, `{"received_at_ms":`...)
	dst = strconv.AppendInt(dst, b.ReceivedAt.UnixMilli(), 10)
	dst = appendInt(dst, `,"uptime":`, r.UptimeSeconds)
	dst = appendInt(dst, `,"free_heap":`, r.FreeHeapBytes)
	dst = appendInt(dst, `,"rssi":`, r.RSSI)
	if r.CameraEnabled != nil {
		dst = append(dst, `,"camera_enabled":`...)
		dst = strconv.AppendBool(dst, *r.CameraEnabled)
	}
	dst = appendString(dst, `,"boot_id":`, r.BootID)
	dst = appendInt(dst, `,"monotonic_ms":`, r.MonotonicMS)
	dst = appendString(dst, `,"clock_quality":`, string(r.ClockQuality))
	dst = appendInt(dst, `,"largest_free_block":`, r.LargestFreeBlockBytes)
	dst = appendString(dst, `,"reset_reason":`, r.ResetReason)
	dst = appendInt(dst, `,"brownout_count":`, r.BrownoutCount)
	dst = appendInt(dst, `,"queue_depth":`, r.QueueDepth)
	dst = appendInt(dst, `,"events_dropped":`, r.EventsDropped)
	dst = appendInt(dst, `,"sleep_seconds":`, r.SleepSeconds)
	return appendInt(dst, `,"privacy_generation":`, r.PrivacyGeneration)
}

func appendInt(dst []byte, name string, n *int64) []byte {
	if n == nil {
		return dst
	}
	return strconv.AppendInt(append(dst, name...), *n, 10)
}

// appendString relies on Reading.Validate: for printable ASCII the quotes of Go
// are those of JSON.
func appendString(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return strconv.AppendQuote(append(dst, name...), s)
}

// Stored returns the stored form of the whole beat.
func (b *Beat) Stored() []byte {
	dst := b.AppendStored(make([]byte, 0, 256))
	dst = append(dst, `,"interval_ms":`...)
	dst = strconv.AppendInt(dst, b.Interval.Milliseconds(), 10)
	return append(dst, '}')
}

// ParseBeat reads the stored form of a beat of a device.
func ParseBeat(deviceID string, stored []byte) (Beat, error) {
	var in struct {
		Reading
		ReceivedAtMS int64 `json:"received_at_ms"`
		IntervalMS   int64 `json:"interval_ms"`
	}
	if err := json.Unmarshal(stored, &in); err != nil {
		return Beat{}, fmt.Errorf("read stored beat of device %s: %w", deviceID, err)
	}
	return Beat{
		DeviceID:   deviceID,
		ReceivedAt: time.UnixMilli(in.ReceivedAtMS).UTC(),
		Interval:   DeviceState{HeartbeatInterval: time.Duration(in.IntervalMS) * time.Millisecond}.Interval(),
		Reading:    in.Reading,
	}, nil
}
