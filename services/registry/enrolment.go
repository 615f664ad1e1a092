package registry

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Mode says who may admit a device that is not known yet.
type Mode string

const (
	// ModeApprove is the default: an operator admits each device.
	ModeApprove Mode = "approve"
	// ModeKey lets in whoever knows the site's enrolment key.
	ModeKey Mode = "key"
	// ModeOpen lets in everyone on the network: the story's behaviour, and the only
	// mode in which a device without a secret gets a token.
	ModeOpen Mode = "open"
)

const (
	// maxWaiting bounds the requests of all devices together, and
	// maxWaitingPerDevice those for one id, since anyone on the network can make
	// them. Registrations that run at the same moment can pass the first bound by
	// their number; it protects the disk, nothing counts on it.
	maxWaiting          = 256
	maxWaitingPerDevice = 4

	// askAgain is how long a device is told to wait while nobody has approved it.
	askAgain = 30 * time.Second
	// requestLife is how long a request stays after its device last asked. A
	// waiting device asks every 30 s; one that was silent for a day is gone.
	requestLife = 24 * time.Hour
	// refreshAfter limits how often a repeated request is written: a camera that
	// asks every 30 s must not wear the card.
	refreshAfter = 10 * time.Minute
)

// Request is a device that asks to be let in: a new id, a known id with another
// secret (it waits beside the live credential), or a revoked device.
type Request struct {
	ID       string // UUIDv7
	DeviceID string
	// SecretHash is the credential that approval would make the device's own; nil
	// when the device sent none. One request per device and secret.
	SecretHash      []byte
	Type            string
	FirmwareVersion string
	Capabilities    []string
	// ReportedIPAddress is the address that the device claims, IPAddress the one
	// that the request came from.
	ReportedIPAddress string
	IPAddress         string
	RequestedAt       time.Time
	LastAskedAt       time.Time
}

// Policy is the site's enrolment setting.
type Policy struct {
	Mode Mode
	// Key is the enrolment key; used in ModeKey alone.
	Key string
}

// Validate reports a mode that does not exist or a key that protects nothing.
func (p Policy) Validate() error {
	switch p.Mode {
	case ModeApprove, ModeOpen:
		return nil
	case ModeKey:
		if !printableASCII(p.Key, 8, maxSecretBytes) {
			return fault.New(fault.Invalid, "enrolment mode key needs an enrolment key of 8 to %d printable ASCII characters", maxSecretBytes)
		}
		return nil
	}
	return fault.New(fault.Invalid, "enrolment mode must be approve, key or open, not %q", string(p.Mode))
}

// knows reports whether key is the site's, in constant time.
func (p Policy) knows(key string) bool {
	a, b := sha256.Sum256([]byte(key)), sha256.Sum256([]byte(p.Key))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// outcome of a registration.
type outcome uint8

const (
	admitted outcome = iota // the device gets a token
	waiting                 // a person must decide
)

var (
	errSecretNeeded = fault.New(fault.Forbidden,
		"This hub admits only devices with a device_secret: make 32 random bytes at the first start, keep them, and send them as device_secret.")
	errSecretMissing = fault.New(fault.Conflict,
		"This device_id is enrolled with a device_secret, and the request has none. Send the secret, or delete the device on the hub first.")
	errWrongKey        = fault.New(fault.Forbidden, "The enrolment_key is not this site's.")
	errTooManyRequests = fault.New(fault.RateLimited,
		"Too many devices wait for approval. Approve or delete some on the hub, or try again later.").After(5 * time.Minute)
)

// register decides what becomes of a registration.
//
// The one rule behind all cases: a token is given only to who proves the
// credential that stands, or to who may make a first one. Everything else
// waits beside what stands and changes nothing of it, so a second device with
// the same MAC address cannot disturb the first.
func (p Policy) register(st Standing, r Registration, from string, now time.Time) (Change, outcome, error) {
	hash := r.secretHash()
	if st.Device == nil || st.Device.Status == StatusDeleted {
		return p.registerUnknown(st, r, hash, from, now)
	}
	d := *st.Device
	switch {
	case hash == nil && d.SecretHash != nil && p.Mode == ModeOpen:
		return Change{}, waiting, errSecretMissing
	case hash == nil && p.Mode != ModeOpen:
		return Change{}, waiting, errSecretNeeded
	case d.Status == StatusApproved && sameSecret(d.SecretHash, hash):
		d = r.describe(d, now)
		return Change{Device: &d}, admitted, nil
	}
	return ask(st, r, hash, from, now)
}

func (p Policy) registerUnknown(st Standing, r Registration, hash []byte, from string, now time.Time) (Change, outcome, error) {
	switch {
	case p.Mode == ModeOpen:
		return admit(st, r, hash, now), admitted, nil
	case hash == nil:
		return Change{}, waiting, errSecretNeeded
	case p.Mode == ModeKey && r.EnrolmentKey != "":
		if !p.knows(r.EnrolmentKey) {
			return Change{}, waiting, errWrongKey
		}
		return admit(st, r, hash, now), admitted, nil
	}
	return ask(st, r, hash, from, now)
}

// admit makes the first credential of a device that is not known, or no longer.
func admit(st Standing, r Registration, hash []byte, now time.Time) Change {
	d := r.describe(newDevice(st, r.DeviceID, hash, now), now)
	ch := Change{Device: &d}
	for _, q := range st.Requests {
		if sameSecret(q.SecretHash, hash) {
			ch.DropRequests = append(ch.DropRequests, q.ID)
		}
	}
	ch.Audit = append(ch.Audit, Entry{
		Actor: ActorDevice, Action: ActionDeviceAdmit, Subject: r.DeviceID, At: now,
		Detail: map[string]any{"epoch": d.Epoch, "with_secret": hash != nil},
	})
	return ch
}

// newDevice returns a device at the start of its life. A deleted one begins a
// new life of which only the epoch and the time of the deletion are old.
func newDevice(st Standing, id string, hash []byte, now time.Time) Device {
	d := Device{ID: id, Status: StatusApproved, SecretHash: hash, Epoch: 1, EnrolledAt: now, CreatedAt: now}
	if old := st.Device; old != nil {
		d.Epoch, d.DeletedAt = old.Epoch+1, old.DeletedAt
	}
	return d
}

// ask notes that a device waits, once per secret.
func ask(st Standing, r Registration, hash []byte, from string, now time.Time) (Change, outcome, error) {
	q := Request{ID: NewID(), DeviceID: r.DeviceID, SecretHash: hash, RequestedAt: now}
	known := false
	for _, old := range st.Requests {
		if sameSecret(old.SecretHash, hash) {
			if now.Sub(old.LastAskedAt) < refreshAfter && old.IPAddress == from && old.FirmwareVersion == r.FirmwareVersion {
				return Change{}, waiting, nil
			}
			q, known = old, true
		}
	}
	if !known && (len(st.Requests) >= maxWaitingPerDevice || st.Waiting >= maxWaiting) {
		return Change{}, waiting, errTooManyRequests
	}
	q.Type, q.FirmwareVersion, q.Capabilities, q.ReportedIPAddress = r.Type, r.FirmwareVersion, r.Capabilities, r.IPAddress
	q.IPAddress, q.LastAskedAt = from, now
	return Change{Request: &q}, waiting, nil
}
