package media

import (
	"context"
	"errors"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Status is where a device stands with the registry.
type Status string

// The registry publishes only devices that were admitted once.
const (
	StatusApproved Status = "approved"
	StatusRevoked  Status = "revoked"
	StatusDeleted  Status = "deleted"
)

// DeviceState is what the registry last said of a device.
type DeviceState struct {
	DeviceID string
	// Epoch of the live credential. A token of a smaller epoch is dead.
	Epoch  int64
	Status Status
	// PrivacyLocked means: store nothing of this device.
	PrivacyLocked bool
	// PrivacyGeneration names the privacy state; it grows with each change.
	PrivacyGeneration int64
	// DeletedAt is when the device was last deleted, zero if never. It stays when
	// the device comes back: what was received before it belongs to the former
	// life and is purged.
	DeletedAt time.Time
}

// ErrNoState means that nothing is known of a device.
var ErrNoState = errors.New("no state is known of the device")

// States tells what the registry says of devices. It is safe for concurrent use.
type States interface {
	// State returns the present state, at most 1 s old. ErrNoState when there is
	// none; any other error means that it cannot be known now. In both cases
	// nothing may be stored.
	State(ctx context.Context, deviceID string) (DeviceState, error)
}

// ParseDeviceID reads a MAC address: twelve hex digits in any case, in pairs
// separated by ':' or '-' throughout, or not separated. It returns the one form
// used in URLs, SQL, JSON and token subjects: AA:BB:CC:DD:EE:FF.
func ParseDeviceID(s string) (string, error) {
	const digits, separated = 12, 17
	step := 2
	switch {
	case len(s) == separated && (s[2] == ':' || s[2] == '-'):
		step = 3
	case len(s) != digits:
		return "", errDeviceID
	}
	var b strings.Builder
	b.Grow(separated)
	for i := 0; i < len(s); i += step {
		if i > 0 {
			if step == 3 && s[i-1] != s[2] {
				return "", errDeviceID
			}
			b.WriteByte(':')
		}
		for _, c := range []byte(s[i : i+2]) {
			switch {
			case 'a' <= c && c <= 'f':
				c -= 'a' - 'A'
			case '0' <= c && c <= '9', 'A' <= c && c <= 'F':
			default:
				return "", errDeviceID
			}
			b.WriteByte(c)
		}
	}
	return b.String(), nil
}

var errDeviceID = fault.New(fault.Invalid,
	"A device id is a MAC address such as AA:BB:CC:DD:EE:FF: twelve hex digits, with ':' or '-' or nothing between the pairs.")
