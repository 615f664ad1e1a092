package telemetry

import (
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Heartbeat cadence. The registry keeps an interval within the same limits; a
// state from elsewhere is held to them by DeviceState.Interval.
const (
	DefaultInterval = 60 * time.Second
	MinInterval     = time.Second
	MaxInterval     = time.Hour
)

// ParseDeviceID returns the one written form of a device id, a MAC address as
// AA:BB:CC:DD:EE:FF. It accepts 12 hexadecimal digits of either case with ':'
// or '-' between each pair, or with no separator. Anything else is
// fault.Invalid. An id that already has the canonical form is returned without
// an allocation.
func ParseDeviceID(s string) (string, error) {
	const canonical = len("AA:BB:CC:DD:EE:FF")
	var out [canonical]byte
	step := 3
	switch {
	case len(s) == 12:
		step = 2
	case len(s) == canonical && (s[2] == ':' || s[2] == '-'):
	default:
		return "", errDeviceID
	}
	same := step == 3 && s[2] == ':'
	for pair := range 6 {
		at := pair * step
		if step == 3 && pair > 0 && s[at-1] != s[2] {
			return "", errDeviceID
		}
		for digit := range 2 {
			c := s[at+digit]
			switch {
			case '0' <= c && c <= '9', 'A' <= c && c <= 'F':
			case 'a' <= c && c <= 'f':
				c -= 'a' - 'A'
				same = false
			default:
				return "", errDeviceID
			}
			out[pair*3+digit] = c
		}
		if pair < 5 {
			out[pair*3+2] = ':'
		}
	}
	if same {
		return s, nil
	}
	return string(out[:]), nil
}

var errDeviceID = fault.New(fault.Invalid,
	"device_id must be a MAC address: 12 hexadecimal digits, such as AA:BB:CC:DD:EE:FF.")

// Status is what the registry decided about a device.
type Status string

// The statuses that the registry publishes.
const (
	Approved Status = "approved"
	Revoked  Status = "revoked"
	Deleted  Status = "deleted"
)

// DeviceState is the registry's view of a device, as far as telemetry needs
// it. The zero value means that nothing is known of the device.
type DeviceState struct {
	// Known tells a published state from the absence of one.
	Known bool
	// Epoch is the lowest token epoch that is still valid.
	Epoch  int64
	Status Status
	// PrivacyLocked and PrivacyGeneration are the wanted privacy, which every
	// heartbeat reply repeats to the camera.
	PrivacyLocked     bool
	PrivacyGeneration int64
	// PendingCommands is how many commands wait for the device.
	PendingCommands int
	// HeartbeatInterval is the cadence that the operator chose; 0 means
	// DefaultInterval.
	HeartbeatInterval time.Duration
	// DeletedAt is when the device was last deleted; zero when it never was. It
	// stays set when the same camera is admitted again.
	DeletedAt time.Time
}

// Interval returns the cadence in force, held between MinInterval and
// MaxInterval.
func (s DeviceState) Interval() time.Duration {
	if s.HeartbeatInterval <= 0 {
		return DefaultInterval
	}
	return min(max(s.HeartbeatInterval, MinInterval), MaxInterval)
}

// Admit says whether a token of this epoch may speak. It returns
// fault.Unauthenticated for a device that was revoked or deleted and for a
// token that is older than the state, and nil for an unknown device: then the
// token's signature and expiry, which were checked before, decide alone.
func (s DeviceState) Admit(epoch int64) error {
	switch {
	case !s.Known:
		return nil
	case s.Status == Revoked, s.Status == Deleted, epoch < s.Epoch:
		return ErrTokenRevoked
	}
	return nil
}

// ErrTokenRevoked refuses a token that is well formed and no longer valid.
var ErrTokenRevoked = fault.New(fault.Unauthenticated,
	"This token is no longer valid. Register again to get a new one.")

// Caller is the device that a verified token speaks for.
type Caller struct {
	// DeviceID is in canonical form.
	DeviceID string
	Epoch    int64
}

// SpeaksFor returns nil when id, in any accepted form, is the caller's own. An
// empty id is the caller's own too: the token already says who speaks. Another
// device's id is fault.Forbidden, a malformed one fault.Invalid.
func (c Caller) SpeaksFor(id string) error {
	if id == "" || id == c.DeviceID {
		return nil
	}
	canonical, err := ParseDeviceID(id)
	if err != nil {
		return err
	}
	if canonical != c.DeviceID {
		return fault.New(fault.Forbidden, "This token belongs to another device than %s.", canonical)
	}
	return nil
}
