package telemetry

import (
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// ClockQuality is what a camera says about its own wall clock.
type ClockQuality string

// The qualities. The empty string means that the camera says nothing, as the
// first firmware does.
const (
	ClockSynced    ClockQuality = "synced"
	ClockUnset     ClockQuality = "unset"
	ClockEstimated ClockQuality = "estimated"
)

func (q ClockQuality) validate() error {
	switch q {
	case "", ClockSynced, ClockUnset, ClockEstimated:
		return nil
	}
	return fault.New(fault.Invalid, "clock_quality must be synced, unset or estimated.")
}

// MaxSleep is the longest sleep that a camera may announce.
const MaxSleep = 7 * 24 * time.Hour

// Reading is what a camera says about its own health in a heartbeat. A nil
// pointer is a field that was not sent: the first firmware sends only the
// first four, and a heartbeat without any of them is still a sign of life. The
// tags are the names that the API and the stored form share.
type Reading struct {
	// UptimeSeconds is the time since boot.
	UptimeSeconds *int64 `json:"uptime,omitempty"`
	FreeHeapBytes *int64 `json:"free_heap,omitempty"`
	// RSSI is the strength of the Wi-Fi signal in dBm.
	RSSI          *int64 `json:"rssi,omitempty"`
	CameraEnabled *bool  `json:"camera_enabled,omitempty"`

	// BootID names one run of the firmware; empty when not sent.
	BootID string `json:"boot_id,omitempty"`
	// MonotonicMS is the time since boot in milliseconds, of which
	// UptimeSeconds is the coarse form.
	MonotonicMS           *int64       `json:"monotonic_ms,omitempty"`
	ClockQuality          ClockQuality `json:"clock_quality,omitempty"`
	LargestFreeBlockBytes *int64       `json:"largest_free_block,omitempty"`
	// ResetReason is the firmware's word for why it booted, such as
	// "brownout"; at most 32 characters.
	ResetReason   string `json:"reset_reason,omitempty"`
	BrownoutCount *int64 `json:"brownout_count,omitempty"`
	// QueueDepth is the number of motion events that wait on the camera.
	QueueDepth *int64 `json:"queue_depth,omitempty"`
	// EventsDropped counts the motion events that the camera's full queue lost.
	EventsDropped *int64 `json:"events_dropped,omitempty"`
	// SleepSeconds announces that the camera will be silent for so long after
	// this beat; 0 and nil mean that it stays awake.
	SleepSeconds *int64 `json:"sleep_seconds,omitempty"`
	// PrivacyGeneration is the privacy that the camera obeys at present.
	PrivacyGeneration *int64 `json:"privacy_generation,omitempty"`
}

// Validate returns fault.Invalid naming the first field that no camera can
// mean.
func (r *Reading) Validate() error {
	for _, f := range [...]struct {
		name  string
		value *int64
		max   int64
	}{
		{"uptime", r.UptimeSeconds, maxCounter},
		{"free_heap", r.FreeHeapBytes, maxCounter},
		{"monotonic_ms", r.MonotonicMS, maxCounter},
		{"largest_free_block", r.LargestFreeBlockBytes, maxCounter},
		{"brownout_count", r.BrownoutCount, maxCounter},
		{"queue_depth", r.QueueDepth, maxCounter},
		{"events_dropped", r.EventsDropped, maxCounter},
		{"sleep_seconds", r.SleepSeconds, int64(MaxSleep / time.Second)},
		{"privacy_generation", r.PrivacyGeneration, maxCounter},
	} {
		if f.value != nil && (*f.value < 0 || *f.value > f.max) {
			return fault.New(fault.Invalid, "%s must be from 0 to %d.", f.name, f.max)
		}
	}
	if r.RSSI != nil && (*r.RSSI < -128 || *r.RSSI > 127) {
		return fault.New(fault.Invalid, "rssi must be from -128 to 127 dBm.")
	}
	if r.BootID != "" && !validToken(r.BootID) {
		return errBootID
	}
	if len(r.ResetReason) > 32 || !printable(r.ResetReason) {
		return fault.New(fault.Invalid, "reset_reason must be at most 32 printable ASCII characters.")
	}
	return r.ClockQuality.validate()
}

// maxCounter is 2^53-1, the largest count that every JSON reader keeps whole.
const maxCounter = 1<<53 - 1

var errBootID = fault.New(fault.Invalid, "boot_id must be 1 to 64 of the characters A-Z a-z 0-9 _ -.")

// validToken says whether s can be an id that a device made: 1 to 64 of
// [A-Za-z0-9_-].
func validToken(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// Sleep returns the silence that the camera announced, or 0.
func (r *Reading) Sleep() time.Duration {
	if r.SleepSeconds == nil {
		return 0
	}
	return time.Duration(*r.SleepSeconds) * time.Second
}

// SinceBoot returns how long the camera has been running, from the finest
// clock that it sent, and false when it sent none.
func (r *Reading) SinceBoot() (time.Duration, bool) {
	switch {
	case r.MonotonicMS != nil && *r.MonotonicMS <= maxUptimeMS:
		return time.Duration(*r.MonotonicMS) * time.Millisecond, true
	case r.UptimeSeconds != nil && *r.UptimeSeconds <= maxUptimeMS/1000:
		return time.Duration(*r.UptimeSeconds) * time.Second, true
	}
	return 0, false
}

// maxUptimeMS is 50 years: what is above it does not fit a time.Duration safely
// and dates nothing.
const maxUptimeMS = 50 * 366 * 24 * 3600 * 1000
