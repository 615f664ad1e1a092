package registry

import (
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Status is where a device stands. Only the operator moves it, except that the
// enrolment modes key and open admit a device without asking.
type Status string

// A device is pending only while nothing but a Request is known of it: there is
// no row for it yet. Deleted devices are never shown; their row stays so that
// the epoch goes on and tokens of the former life stay dead.
const (
	StatusPending  Status = "pending"
	StatusApproved Status = "approved"
	StatusRevoked  Status = "revoked"
	StatusDeleted  Status = "deleted"
)

// Limits of what a device may say of itself and an operator of a device.
const (
	maxNameRunes          = 64
	maxWordBytes          = 64
	maxCapabilities       = 32
	minHeartbeatInterval  = 10 * time.Second
	maxHeartbeatInterval  = time.Hour
	defaultHeartbeatEvery = time.Minute
)

// Device is a camera that was admitted at least once.
type Device struct {
	// ID is the MAC address in canonical form, see ParseDeviceID.
	ID string
	// Name is the operator's; empty until somebody names the device.
	Name string

	// What the device last said of itself. Shown, never trusted.
	Type            string
	FirmwareVersion string
	IPAddress       string
	Capabilities    []string

	Status Status
	// SecretHash is the SHA-256 of the device's own secret, or nil for a device
	// that was admitted in open mode without one. The secret is 256 random bits,
	// so a slow hash would protect nothing.
	SecretHash []byte
	// Epoch starts at 1 and grows with each revocation and each new credential. A
	// token of a smaller epoch is refused.
	Epoch int64
	// HeartbeatInterval is 0 for the default, else 10 s to 1 h.
	HeartbeatInterval time.Duration
	Privacy           Privacy

	// EnrolledAt is when the present credential was admitted, LastRegisteredAt
	// when the device last proved it, CreatedAt when it was first heard of.
	EnrolledAt       time.Time
	LastRegisteredAt time.Time
	CreatedAt        time.Time
	// DeletedAt is when the device was last deleted; zero if never. It stays when
	// the device comes back: what was received before it belongs to the former
	// life and is purged by telemetry and media.
	DeletedAt time.Time
}

// Interval returns the time between two heartbeats of the device.
func (d Device) Interval() time.Duration {
	if d.HeartbeatInterval == 0 {
		return defaultHeartbeatEvery
	}
	return d.HeartbeatInterval
}

// ParseDeviceID reads a MAC address: twelve hex digits in any case, in pairs
// separated by ':' or '-' throughout, or not separated. It returns the one form
// used in URLs, SQL, JSON and token subjects: AA:BB:CC:DD:EE:FF.
func ParseDeviceID(s string) (string, error) {
	const digits, separated = 12, 17
	compact := s
	if len(s) == separated && (s[2] == ':' || s[2] == '-') {
		compact = strings.ReplaceAll(s, s[2:3], "")
	}
	// The separators must stand where they belong: "A:BB…" loses five of them too.
	for i := 2; len(s) == separated && i < separated; i += 3 {
		if s[i] != s[2] {
			return "", errDeviceID
		}
	}
	var mac [digits / 2]byte
	if len(compact) != digits {
		return "", errDeviceID
	}
	if _, err := hex.Decode(mac[:], []byte(compact)); err != nil {
		return "", errDeviceID
	}
	upper := strings.ToUpper(compact)
	var b strings.Builder
	b.Grow(separated)
	for i := 0; i < digits; i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(upper[i : i+2])
	}
	return b.String(), nil
}

var errDeviceID = fault.New(fault.Invalid,
	"device_id must be a MAC address such as AA:BB:CC:DD:EE:FF: twelve hex digits, with ':' or '-' or nothing between the pairs.")

// DevicePatch is what an operator changes of a device. Nil fields stay.
type DevicePatch struct {
	// Name is at most 64 printable characters; empty takes the name away.
	Name *string
	// HeartbeatInterval is 0 for the default, else 10 s to 1 h in whole seconds.
	HeartbeatInterval *time.Duration
}

// Validate reports the first field out of its range as fault.Invalid.
func (p DevicePatch) Validate() error {
	if p.Name == nil && p.HeartbeatInterval == nil {
		return fault.New(fault.Invalid, "Nothing to change: send name or heartbeat_interval_seconds.")
	}
	if p.Name != nil && !printable(*p.Name, 0) {
		return fault.New(fault.Invalid, "name must be at most %d printable characters, without white space around them.", maxNameRunes)
	}
	if i := p.HeartbeatInterval; i != nil && *i != 0 && (*i < minHeartbeatInterval || *i > maxHeartbeatInterval || *i%time.Second != 0) {
		return fault.New(fault.Invalid, "heartbeat_interval_seconds must be 10 to 3600, or null for the default of 60.")
	}
	return nil
}

// apply returns the device with the patch and the fields that changed, for the
// audit record.
func (p DevicePatch) apply(d Device) (Device, map[string]any) {
	changed := map[string]any{}
	if p.Name != nil && *p.Name != d.Name {
		d.Name = *p.Name
		changed["name"] = d.Name
	}
	if p.HeartbeatInterval != nil && *p.HeartbeatInterval != d.HeartbeatInterval {
		d.HeartbeatInterval = *p.HeartbeatInterval
		changed["heartbeat_interval_seconds"] = int64(d.HeartbeatInterval / time.Second)
	}
	return d, changed
}

// DeviceState is what the other services must know of a device on each of its
// requests. It is comparable, so that two states can be told apart with ==.
type DeviceState struct {
	DeviceID          string
	Epoch             int64
	Status            Status // approved, revoked or deleted
	PrivacyLocked     bool
	PrivacyGeneration int64
	// PendingCommands counts commands in the states queued and delivered.
	PendingCommands int
	// HeartbeatIntervalSeconds is 0 for the default.
	HeartbeatIntervalSeconds int
	// DeletedAtMs is the time of the last deletion in Unix ms, 0 if never. It can
	// be set on an approved device, see Device.DeletedAt.
	DeletedAtMs int64
}

// StateOf returns what is published of d while pending commands are open.
func StateOf(d Device, pending int) DeviceState {
	s := DeviceState{
		DeviceID: d.ID, Epoch: d.Epoch, Status: d.Status,
		PrivacyLocked: d.Privacy.Locked, PrivacyGeneration: d.Privacy.Generation,
		PendingCommands:          pending,
		HeartbeatIntervalSeconds: int(d.HeartbeatInterval / time.Second),
	}
	if !d.DeletedAt.IsZero() {
		s.DeletedAtMs = d.DeletedAt.UnixMilli()
	}
	return s
}

// printable reports whether s is valid UTF-8 of least to 64 printable characters
// that neither starts nor ends with white space.
func printable(s string, least int) bool {
	n := utf8.RuneCountInString(s)
	return n >= least && n <= maxNameRunes && utf8.ValidString(s) && strings.TrimSpace(s) == s &&
		!slices.ContainsFunc([]rune(s), func(r rune) bool { return !unicode.IsPrint(r) })
}
