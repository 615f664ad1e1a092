package registry

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

// AdminName is the one operator that exists from the first start.
const AdminName = "admin"

const (
	minPasswordRunes = 10
	maxPasswordRunes = 256

	sessionLife = 30 * 24 * time.Hour

	maxTokens    = 100
	minTokenLife = 24 * time.Hour
	maxTokenLife = 3650 * 24 * time.Hour
)

// Operator is a person who may change things.
type Operator struct {
	Name string
	// PasswordHash is in the PHC string format, made by Passwords.
	PasswordHash      string
	CreatedAt         time.Time
	PasswordChangedAt time.Time
}

// CredentialKind tells a browser's session from a script's API token.
type CredentialKind string

// The kinds of credentials; the words are those of auth.Principal.Kind.
const (
	KindSession CredentialKind = auth.KindSession
	KindToken   CredentialKind = auth.KindToken
)

// Credential is one session or API token. The secret itself is shown once and
// kept nowhere.
type Credential struct {
	ID   string // UUIDv7
	Kind CredentialKind
	// Hash is auth.HashCredential of the secret.
	Hash     string
	Operator string
	// Name says what a token is for; empty for a session.
	Name      string
	CreatedAt time.Time
	// ExpiresAt is the first moment at which it is refused; zero: never.
	ExpiresAt time.Time
	// LastUsedAt is to the minute; zero: not yet. Uses that only other services
	// saw are not in it.
	LastUsedAt time.Time
}

// Valid reports whether the credential is accepted at now.
func (c Credential) Valid(now time.Time) bool { return c.ExpiresAt.IsZero() || now.Before(c.ExpiresAt) }

// Principal returns who acts with this credential: the operator, or the token
// under its own name, so that the audit record tells scripts from people.
func (c Credential) Principal() auth.Principal {
	p := auth.Principal{Name: c.Operator, CredentialID: c.ID, Kind: string(c.Kind)}
	if c.Kind == KindToken {
		p.Name = c.Name
	}
	return p
}

// Passwords hashes passwords slowly. Implementations bound memory and the number
// of hashes at a time, and wait no longer than ctx lives.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
	// Verify reports whether the password is that of the hash. An empty hash
	// costs the same time and is never right.
	Verify(ctx context.Context, password, hash string) (bool, error)
}

// ValidatePassword reports a password that is too short or too long.
func ValidatePassword(p string) error {
	if n := utf8.RuneCountInString(p); n < minPasswordRunes || n > maxPasswordRunes || !utf8.ValidString(p) {
		return fault.New(fault.Invalid, "A password must have %d to %d characters.", minPasswordRunes, maxPasswordRunes)
	}
	return nil
}

// randomPassword returns 100 random bits in four groups that are easy to type:
// lower case letters and digits without l, o, 0 and 1.
func randomPassword() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
	s := base32.NewEncoding("abcdefghijkmnpqrstuvwxyz23456789").WithPadding(base32.NoPadding).EncodeToString(b[:])
	return strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:20]}, "-")
}

// newCredential makes a credential and its secret; life 0 is for ever.
func newCredential(k CredentialKind, operator, name string, life time.Duration, now time.Time) (Credential, string) {
	secret := auth.NewCredential()
	c := Credential{ID: NewID(), Kind: k, Hash: auth.HashCredential(secret), Operator: operator, Name: name, CreatedAt: now}
	if life > 0 {
		c.ExpiresAt = now.Add(life)
	}
	return c, secret
}

// TokenOrder is an operator's wish for an API token.
type TokenOrder struct {
	Name string
	// Life is 1 to 3650 days; 0: it never expires.
	Life time.Duration
}

// Validate reports the first field out of its range as fault.Invalid.
func (o TokenOrder) Validate() error {
	if !printable(o.Name, 1) {
		return fault.New(fault.Invalid, "name must be 1 to %d printable characters that say what the token is for.", maxNameRunes)
	}
	if slices.Contains([]string{AdminName, ActorDevice, ActorNestbox}, o.Name) {
		return fault.New(fault.Invalid, "name must not be %s: the record of changes could not tell the token from it.", o.Name)
	}
	if o.Life != 0 && (o.Life < minTokenLife || o.Life > maxTokenLife) {
		return fault.New(fault.Invalid, "expires_in_days must be 1 to 3650.")
	}
	return nil
}
