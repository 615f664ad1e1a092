package config

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret is a setting that must not be printed: formatting, logging or encoding it
// gives "[hidden]", or nothing when it is empty, so that one still sees whether it
// was set. Two ways around remain, which vet or review must catch: the verb %p, and
// a Secret as the key of a map in JSON. Load takes it from a variable or a file.
type Secret string

const hidden = "[hidden]"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString hides the secret from %#v.
func (s Secret) GoString() string { return s.String() }

// Format hides the secret from every verb; without it %d and its like, which make
// no sense for a string, would print the value in the complaint about the verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// LogValue hides the secret from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText hides the secret from encodings other than JSON.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// MarshalJSON hides the secret from JSON.
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + s.String() + `"`), nil }
