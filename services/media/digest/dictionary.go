package digest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// maxField bounds a field before it is read. All algorithms of the IANA registry
// together take less than 600 characters.
const maxField = 4096

// parseDictionary reads a Dictionary of RFC 9651 (4.2.2) and calls member for
// each entry with its byte sequence, or isBytes false when the value is anything
// else. Values that are not byte sequences are skipped by their outer form only,
// since nothing of them is used.
func parseDictionary(field string, member func(key string, value []byte, isBytes bool) error) error {
	if len(field) > maxField {
		return fmt.Errorf("the field has more than %d characters", maxField)
	}
	s := scanner{rest: strings.Trim(field, " ")}
	for s.rest != "" {
		key, err := s.key()
		if err != nil {
			return err
		}
		value, isBytes := []byte(nil), false
		if s.take('=') {
			if value, isBytes, err = s.value(); err != nil {
				return err
			}
		}
		if err := s.parameters(); err != nil {
			return err
		}
		if err := member(key, value, isBytes); err != nil {
			return err
		}
		s.skip(" \t")
		if s.rest == "" {
			return nil
		}
		if !s.take(',') {
			return fmt.Errorf("a comma is missing before %q", s.next())
		}
		s.skip(" \t")
		if s.rest == "" {
			return errors.New("the field ends in a comma")
		}
	}
	return nil
}

// scanner walks the text of a field.
type scanner struct{ rest string }

// next is the coming character, for messages.
func (s *scanner) next() string { return s.rest[:min(1, len(s.rest))] }

func (s *scanner) skip(set string) { s.rest = strings.TrimLeft(s.rest, set) }

func (s *scanner) take(b byte) bool {
	if s.rest == "" || s.rest[0] != b {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// span takes the longest prefix whose characters are all ok.
func (s *scanner) span(ok func(b byte) bool) string {
	n := 0
	for n < len(s.rest) && ok(s.rest[n]) {
		n++
	}
	taken := s.rest[:n]
	s.rest = s.rest[n:]
	return taken
}

// key reads RFC 9651 3.1.2: a lower-case letter or *, then letters, digits, _-.*
func (s *scanner) key() (string, error) {
	if s.rest == "" || !isLower(s.rest[0]) && s.rest[0] != '*' {
		return "", fmt.Errorf("the name of an algorithm cannot begin with %q", s.next())
	}
	return s.span(func(b byte) bool {
		return isLower(b) || isDigit(b) || strings.IndexByte("_-.*", b) >= 0
	}), nil
}

// value reads an item without its parameters, or an inner list.
func (s *scanner) value() (value []byte, isBytes bool, err error) {
	if s.rest == "" {
		return nil, false, errors.New("a value is missing at the end")
	}
	switch s.rest[0] {
	case ':':
		value, err = s.byteSequence()
		return value, true, err
	case '"':
		return nil, false, s.quoted()
	case '(':
		return nil, false, s.innerList()
	default: // number, token, boolean, date, display string
		if s.span(isBare) == "" {
			return nil, false, fmt.Errorf("a value cannot begin with %q", s.next())
		}
		if s.next() == `"` { // the text of a display string, %"..."
			return nil, false, s.quoted()
		}
		return nil, false, nil
	}
}

// byteSequence reads :base64:. Padding may be missing (RFC 9651 4.2.7 asks
// receivers to be lenient there and with the unused bits).
func (s *scanner) byteSequence() ([]byte, error) {
	text, rest, found := strings.Cut(s.rest[1:], ":")
	if !found {
		return nil, errors.New("a byte sequence lacks its closing colon")
	}
	s.rest = rest
	if strings.ContainsAny(text, "\r\n") { // the decoder would skip them
		return nil, errors.New("a byte sequence is not base64")
	}
	value, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil {
		return nil, errors.New("a byte sequence is not base64")
	}
	return value, nil
}

// quoted skips a string with its escapes.
func (s *scanner) quoted() error {
	for i := 1; i < len(s.rest); i++ {
		switch b := s.rest[i]; {
		case b == '\\':
			i++
		case b == '"':
			s.rest = s.rest[i+1:]
			return nil
		case b < 0x20 || b > 0x7E:
			return errors.New("a string holds a character that is not printable ASCII")
		}
	}
	return errors.New("a string lacks its closing quote")
}

// innerList skips ( item item ... ). Lists do not nest.
func (s *scanner) innerList() error {
	s.take('(')
	for {
		s.skip(" ")
		if s.take(')') {
			return nil
		}
		if s.next() == "(" || s.rest == "" {
			return errors.New("a list lacks its closing bracket")
		}
		if _, _, err := s.value(); err != nil {
			return err
		}
		if err := s.parameters(); err != nil {
			return err
		}
		if n := s.next(); n != " " && n != ")" {
			return errors.New("a list lacks a space between its members")
		}
	}
}

// parameters skips ;key=value pairs.
func (s *scanner) parameters() error {
	for s.take(';') {
		s.skip(" ")
		if _, err := s.key(); err != nil {
			return err
		}
		if !s.take('=') {
			continue
		}
		if s.next() == "(" {
			return errors.New("a parameter cannot be a list")
		}
		if _, _, err := s.value(); err != nil {
			return err
		}
	}
	return nil
}

func isLower(b byte) bool { return 'a' <= b && b <= 'z' }
func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isBare reports whether b may be part of a number, token, boolean, date or the
// lead of a display string.
func isBare(b byte) bool {
	return isLower(b) || isDigit(b) || 'A' <= b && b <= 'Z' || strings.IndexByte("!#$%&'*+-.^_`|~:/?@", b) >= 0
}
