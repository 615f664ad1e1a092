package registry

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/netip"
	"slices"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Device secrets are 32 to 128 printable ASCII characters, spaces among them:
// 256 random bits in hex or base64, with room for a prefix.
const (
	minSecretBytes = 32
	maxSecretBytes = 128
)

// Registration is what a device says when it boots.
type Registration struct {
	DeviceID        string // canonical
	Type            string
	FirmwareVersion string
	IPAddress       string
	Capabilities    []string
	// Secret proves the identity; empty from a client that speaks only the story's
	// protocol.
	Secret string
	// EnrolmentKey is the site's shared key; read in mode key alone.
	EnrolmentKey string
}

// Validate reports the first field out of its range as fault.Invalid. Only
// device_id is required: a device that says less of itself is still a device.
func (r Registration) Validate() error {
	for _, f := range []struct{ name, value string }{{"device_type", r.Type}, {"firmware_version", r.FirmwareVersion}} {
		if f.value != "" && (len(f.value) > maxWordBytes || !printable(f.value, 1)) {
			return fault.New(fault.Invalid, "%s must be at most %d printable characters.", f.name, maxWordBytes)
		}
	}
	if r.IPAddress != "" {
		// A zone would be free text.
		if a, err := netip.ParseAddr(r.IPAddress); err != nil || a.Zone() != "" {
			return fault.New(fault.Invalid, "ip_address must be an IPv4 or IPv6 address.")
		}
	}
	if len(r.Capabilities) > maxCapabilities {
		return fault.New(fault.Invalid, "capabilities must have at most %d entries.", maxCapabilities)
	}
	for _, c := range r.Capabilities {
		if len(c) > maxWordBytes || !printable(c, 1) {
			return fault.New(fault.Invalid, "each of capabilities must be 1 to %d printable characters.", maxWordBytes)
		}
	}
	if r.Secret != "" && !printableASCII(r.Secret, minSecretBytes, maxSecretBytes) {
		return fault.New(fault.Invalid, "device_secret must be %d to %d printable ASCII characters.", minSecretBytes, maxSecretBytes)
	}
	if len(r.EnrolmentKey) > maxSecretBytes {
		return fault.New(fault.Invalid, "enrolment_key must be at most %d characters.", maxSecretBytes)
	}
	return nil
}

// secretHash returns the SHA-256 of the secret, or nil when none was sent.
func (r Registration) secretHash() []byte {
	if r.Secret == "" {
		return nil
	}
	h := sha256.Sum256([]byte(r.Secret))
	return h[:]
}

// describe returns d with what the device says of itself now. The name, the
// settings and the history are the operator's and stay.
func (r Registration) describe(d Device, now time.Time) Device {
	d.Type, d.FirmwareVersion, d.IPAddress = r.Type, r.FirmwareVersion, r.IPAddress
	d.Capabilities = slices.Clone(r.Capabilities)
	d.LastRegisteredAt = now
	return d
}

// sameSecret compares two hashes, either of which may be nil, in constant time.
func sameSecret(a, b []byte) bool {
	return len(a) == len(b) && subtle.ConstantTimeCompare(a, b) == 1
}

func printableASCII(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
