package httpx

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const maxShownField = 64

// explain turns an error of encoding/json into a sentence for who wrote the body.
// The sentence never repeats a value: the value may be a secret in the wrong field.
func explain(err error) error {
	if f := fault.From(err); f != nil {
		return err
	}
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	var date *time.ParseError
	switch {
	case errors.As(err, &syntax):
		if strings.HasPrefix(syntax.Error(), "unexpected end") {
			return fault.Wrap(err, fault.Invalid, "The body is not JSON: it ends too early, after %d bytes.", syntax.Offset)
		}
		return fault.Wrap(err, fault.Invalid, "The body is not JSON: %s, at byte %d.", syntax.Error(), syntax.Offset)
	case errors.As(err, &mismatch):
		return fault.Wrap(err, fault.Invalid, "%s must be %s, not %s.",
			subject(mismatch.Field), expected(mismatch.Type), found(mismatch.Value))
	case errors.As(err, &date):
		return fault.Wrap(err, fault.Invalid, "A time in the body is not RFC 3339, like 2026-01-31T12:00:00Z.")
	}
	return fault.Wrap(err, fault.Invalid, "The body has a field with a value that cannot be read.")
}

// subject names the field by its path from the root; empty is the body itself.
func subject(field string) string {
	if field == "" {
		return "The body"
	}
	if len(field) > maxShownField {
		field = strings.ToValidUTF8(field[:maxShownField], "") + "…"
	}
	return "Field " + strconv.Quote(field)
}

// expected says a Go type in the words of JSON.
func expected(t reflect.Type) string {
	if t == nil {
		return "something else"
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Float32, reflect.Float64:
		return "a number in range"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return "a whole number in range"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return "a whole number of at least 0 and in range"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "an object"
	default:
		return "something else"
	}
}

// found says what stood there, without the value itself: encoding/json puts the
// digits of a number that did not fit behind the word.
func found(value string) string {
	switch word, _, digits := strings.Cut(value, " "); word {
	case "number":
		if digits {
			return "this number"
		}
		return "a number"
	case "string":
		return "a string"
	case "bool":
		return "true or false"
	case "array":
		return "a list"
	case "object":
		return "an object"
	default:
		return "this value"
	}
}
