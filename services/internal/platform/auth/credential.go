package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

const (
	credentialPrefix = "nbx_"
	credentialBytes  = 32
)

var credentialSize = len(credentialPrefix) + base64.RawURLEncoding.EncodedLen(credentialBytes)

// NewCredential returns a new operator credential, for a session or an API token:
// "nbx_" and 43 characters of base64url over 32 random bytes. The prefix lets
// secret scanners and people recognise one that leaked.
func NewCredential() string {
	var b [credentialBytes]byte
	rand.Read(b[:])
	return credentialPrefix + base64.RawURLEncoding.EncodeToString(b[:])
}

// HashCredential returns the hex SHA-256 under which a credential is stored and
// looked up. A slow hash would protect nothing: 256 random bits cannot be guessed.
func HashCredential(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// wellFormed reports whether s can be a credential, so that garbage costs no lookup.
func wellFormed(s string) bool {
	if len(s) != credentialSize || !strings.HasPrefix(s, credentialPrefix) {
		return false
	}
	var b [credentialBytes]byte
	n, err := base64.RawURLEncoding.Strict().Decode(b[:], []byte(s[len(credentialPrefix):]))
	return err == nil && n == credentialBytes
}
