package auth

import (
	"crypto/ed25519"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
	lru "github.com/hashicorp/golang-lru/v2"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// maxToken bounds what is parsed at all; ours are at most 180 bytes.
	maxToken = 512
	// verifiedTokens is how many tokens are remembered: several times the devices
	// of the largest site we build for, about 1 MB when full.
	verifiedTokens = 4096
)

var (
	errNoToken  = fault.New(fault.Unauthenticated, "Send the token of the registration as Authorization: Bearer.")
	errBadToken = fault.New(fault.Unauthenticated, "The token is not valid. Register again to get a new one.")
	errExpired  = fault.New(fault.Unauthenticated, "The token has expired. Register again to get a new one.")
)

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	keys   jwt.VerificationKeySet
	parser *jwt.Parser
	now    func() time.Time
	// seen has the claims of tokens whose signature was checked. An Ed25519 check
	// costs a Pi Zero about as much as all the rest of a heartbeat, and a camera
	// sends the same token each minute. Only good tokens get in, so nobody
	// can wash them out with bad ones.
	seen *lru.Cache[string, *Claims]
}

// NewVerifier returns a verifier that accepts signatures of any of the keys, so
// that keys can be rotated. Nil now is time.Now.
func NewVerifier(keys []ed25519.PublicKey, now func() time.Time) *Verifier {
	if now == nil {
		now = time.Now
	}
	v := &Verifier{now: now}
	for _, k := range keys {
		v.keys.Keys = append(v.keys.Keys, k)
	}
	v.parser = jwt.NewParser(
		// Without this list "none" and HMAC with the public key as secret would be
		// judged by the token's own header.
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(now),
	)
	v.seen, _ = lru.New[string, *Claims](verifiedTokens) // fails for sizes below 1 only
	return v
}

// Verify returns the claims of a token that is signed by one of the keys and has
// not expired. Every failure is a fault.Unauthenticated that does not repeat the token.
func (v *Verifier) Verify(token string) (Claims, error) {
	c, err := v.verify(token)
	if err != nil {
		return Claims{}, err
	}
	return *c, nil
}

func (v *Verifier) verify(token string) (*Claims, error) {
	if c, ok := v.seen.Get(token); ok {
		if !v.now().Before(c.ExpiresAt) {
			v.seen.Remove(token)
			return nil, errExpired
		}
		return c, nil
	}
	if len(token) > maxToken {
		return nil, errBadToken
	}
	var wire wireClaims
	if _, err := v.parser.ParseWithClaims(token, &wire, v.key); err != nil {
		return nil, refuse(err)
	}
	c := &Claims{Subject: wire.Sub, Epoch: wire.E, ExpiresAt: wire.expiresAt()}
	// The clone lets go of the request's memory that the token is cut from.
	v.seen.Add(strings.Clone(token), c)
	return c, nil
}

func (v *Verifier) key(*jwt.Token) (any, error) { return v.keys, nil }
