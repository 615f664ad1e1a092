package auth

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Claims are what a token says about its bearer.
type Claims struct {
	// Subject is who, 1 to 64 bytes: the canonical id of a device.
	Subject string
	// Epoch is the generation of the bearer's credential, from 0. A service refuses
	// a token whose epoch is older than the one it knows.
	Epoch int64
	// ExpiresAt is the first instant at which the token is no longer valid. Tokens
	// carry whole seconds; the fraction is cut off.
	ExpiresAt time.Time
}

// LogValue names the device in a log line.
func (c *Claims) LogValue() slog.Value { return slog.StringValue("device " + c.Subject) }

const (
	maxSubject = 64
	maxExpiry  = 253402300799 // the end of the year 9999, beyond which time.Time cannot be written as JSON
)

// wireClaims are the claims as a JWT carries them. The names are as short as they
// are because the story's firmware keeps the whole answer, with a token of at most
// 180 characters, in 256 bytes. "e" and not "ep": base64 makes that one byte two
// characters more, 182 for an id of 17 characters and an epoch of 99999.
type wireClaims struct {
	Sub string `json:"sub"`
	E   int64  `json:"e"`
	// Exp is Unix seconds; jwt.NumericDate would take strings and fractions too.
	Exp int64 `json:"exp"`
}

func (c *wireClaims) expiresAt() time.Time { return time.Unix(c.Exp, 0).UTC() }

func (c *wireClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return &jwt.NumericDate{Time: c.expiresAt()}, nil
}
func (c *wireClaims) GetSubject() (string, error)           { return c.Sub, nil }
func (*wireClaims) GetIssuedAt() (*jwt.NumericDate, error)  { return nil, nil }
func (*wireClaims) GetNotBefore() (*jwt.NumericDate, error) { return nil, nil }
func (*wireClaims) GetIssuer() (string, error)              { return "", nil }
func (*wireClaims) GetAudience() (jwt.ClaimStrings, error)  { return nil, nil }

var (
	errSubject = errors.New("token subject must be 1 to 64 bytes")
	errEpoch   = errors.New("token epoch must not be negative")
	errExpiry  = errors.New("token must expire, before the year 10000")
)

// Validate is called by the JWT parser too, after its own checks.
func (c *wireClaims) Validate() error {
	switch {
	case c.Sub == "" || len(c.Sub) > maxSubject:
		return errSubject
	case c.E < 0:
		return errEpoch
	case c.Exp <= 0 || c.Exp > maxExpiry:
		return errExpiry
	}
	return nil
}

// Signer makes tokens. It is safe for concurrent use.
type Signer struct{ key ed25519.PrivateKey }

// NewSigner returns a signer with the given key.
func NewSigner(key ed25519.PrivateKey) *Signer { return &Signer{key: key} }

// Sign returns a compact JWT (RFC 7519) signed with EdDSA (RFC 8037) whose header
// names only the algorithm. It is at most 180 characters for a subject of 17
// characters and an epoch up to 99999. It fails on claims out of range.
func (s *Signer) Sign(c Claims) (string, error) {
	wire := &wireClaims{Sub: c.Subject, E: c.Epoch, Exp: c.ExpiresAt.Unix()}
	if err := wire.Validate(); err != nil {
		return "", fmt.Errorf("sign token for %q: %w", c.Subject, err)
	}
	t := jwt.Token{
		Method: jwt.SigningMethodEdDSA,
		Header: map[string]any{"alg": jwt.SigningMethodEdDSA.Alg()},
		Claims: wire,
	}
	token, err := t.SignedString(s.key)
	if err != nil {
		return "", fmt.Errorf("sign token for %q: %w", c.Subject, err)
	}
	return token, nil
}
