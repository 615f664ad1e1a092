// Package digest reads the Content-Digest field of RFC 9530 and compares it with
// the bytes that arrived.
//
// It knows the two algorithms that RFC 9530 calls active, sha-256 and sha-512,
// and ignores every other. It knows nothing of HTTP beyond the field's text.
package digest

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"errors"
	"fmt"
	"hash"
)

// ErrMismatch means that the bytes are not those that the sender hashed.
var ErrMismatch = errors.New("digest does not match the content")

// Wanted is what a sender said about its content. The zero value says nothing
// and matches everything.
type Wanted struct {
	SHA256 []byte // 32 bytes, or nil when not given
	SHA512 []byte // 64 bytes, or nil when not given
}

// Parse reads a Content-Digest field. Several field lines are joined with ", "
// first. An empty field says nothing. Unknown algorithms are ignored; a field
// that is not a dictionary of structured fields (RFC 9651), and a known algorithm
// whose value is not a byte sequence of its length, are errors whose text may be
// shown to the sender: RFC 9530 lets a receiver ignore those, but a sender that
// tried to protect its picture should learn that it failed.
func Parse(field string) (Wanted, error) {
	var w Wanted
	err := parseDictionary(field, func(key string, value []byte, isBytes bool) error {
		var size int
		var dst *[]byte
		switch key {
		case "sha-256":
			size, dst = sha256.Size, &w.SHA256
		case "sha-512":
			size, dst = sha512.Size, &w.SHA512
		default:
			return nil
		}
		if !isBytes {
			return fmt.Errorf("the value of %s is no byte sequence (base64 between two colons)", key)
		}
		if len(value) != size {
			return fmt.Errorf("the value of %s has %d bytes and not %d", key, len(value), size)
		}
		*dst = value // a repeated key: the last one counts, RFC 9651 3.2
		return nil
	})
	if err != nil {
		return Wanted{}, err
	}
	return w, nil
}

// Summer hashes content as it is written. It is not safe for concurrent use.
type Summer struct {
	wanted Wanted
	sha256 hash.Hash
	sha512 hash.Hash // nil unless wanted
}

// NewSummer returns a Summer that always takes SHA-256 (the index needs it) and
// SHA-512 only when the sender gave one.
func NewSummer(w Wanted) *Summer {
	s := &Summer{wanted: w, sha256: sha256.New()}
	if w.SHA512 != nil {
		s.sha512 = sha512.New()
	}
	return s
}

// Write adds p to the content. It never fails.
func (s *Summer) Write(p []byte) (int, error) {
	s.sha256.Write(p)
	if s.sha512 != nil {
		s.sha512.Write(p)
	}
	return len(p), nil
}

// Finish returns the SHA-256 of the content, and ErrMismatch when any of the
// wanted digests differs.
func (s *Summer) Finish() ([sha256.Size]byte, error) {
	var sum [sha256.Size]byte
	s.sha256.Sum(sum[:0])
	if s.wanted.SHA256 != nil && subtle.ConstantTimeCompare(sum[:], s.wanted.SHA256) != 1 {
		return sum, ErrMismatch
	}
	if s.sha512 != nil && subtle.ConstantTimeCompare(s.sha512.Sum(nil), s.wanted.SHA512) != 1 {
		return sum, ErrMismatch
	}
	return sum, nil
}
