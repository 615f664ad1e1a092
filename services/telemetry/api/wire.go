package api

import (
	"time"

	"home.arpa/nestbox/services/telemetry"
)

// timeFormat is RFC 3339 in UTC with milliseconds, always of one length.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// wireTime is a time in timeFormat; encoding/json would leave zeros out.
type wireTime time.Time

// MarshalText implements encoding.TextMarshaler.
func (t wireTime) MarshalText() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, timeFormat), nil
}

// eventJSON is an event in a list and on the stream.
type eventJSON struct {
	EventID       string          `json:"event_id"`
	DeviceID      string          `json:"device_id"`
	Kind          telemetry.Kind  `json:"kind"`
	OccurredAt    wireTime        `json:"occurred_at"`
	ReceivedAt    wireTime        `json:"received_at"`
	Clock         telemetry.Clock `json:"clock"`
	BootID        *string         `json:"boot_id"`
	MonotonicMS   *int64          `json:"monotonic_ms"`
	MotionScore   *float64        `json:"motion_score"`
	CameraEnabled *bool           `json:"camera_enabled"`
	Detail        map[string]any  `json:"detail"`
}

func wireEvent(e *telemetry.Event) eventJSON {
	w := eventJSON{
		EventID: e.EventID, DeviceID: e.DeviceID, Kind: e.Kind,
		OccurredAt: wireTime(e.OccurredAt), ReceivedAt: wireTime(e.ReceivedAt), Clock: e.Clock,
		MonotonicMS: e.MonotonicMS, MotionScore: e.MotionScore, CameraEnabled: e.CameraEnabled, Detail: e.Detail,
	}
	if e.BootID != "" {
		w.BootID = &e.BootID
	}
	if w.Detail == nil {
		w.Detail = map[string]any{}
	}
	return w
}

// presenceJSON is a presence in a list and on the stream.
type presenceJSON struct {
	DeviceID   string          `json:"device_id"`
	State      telemetry.State `json:"state"`
	Since      wireTime        `json:"since"`
	LastSeenAt *wireTime       `json:"last_seen_at"`
	Reading    *readingJSON    `json:"reading"`
}

// readingJSON is the last heartbeat. What the camera did not send is left out.
type readingJSON struct {
	ReceivedAt wireTime `json:"received_at"`
	telemetry.Reading
}

func wirePresence(p *telemetry.Presence) presenceJSON {
	w := presenceJSON{DeviceID: p.DeviceID, State: p.State, Since: wireTime(p.Since)}
	if !p.Last.ReceivedAt.IsZero() {
		at := wireTime(p.Last.ReceivedAt)
		w.LastSeenAt = &at
		w.Reading = &readingJSON{ReceivedAt: at, Reading: p.Last.Reading}
	}
	return w
}
