// Package fault names the kinds of failure that a caller can act on, each with
// a sentence that is safe to show to whoever asked.
//
// It owns the kinds, the sentence and the advice on when to try again. It
// refuses to know how a failure travels: status codes and problem documents
// are the business of package httpx, SQLSTATEs of package pg.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what the caller can do about a failure. The zero value is Internal,
// so an error that nobody classified is never shown to a client.
type Kind uint8

const (
	// Internal is a failure of ours. Its message is not shown.
	Internal Kind = iota
	// Invalid is a request that is wrong in itself and will be wrong again.
	Invalid
	// Unauthenticated is a request without a credential that we accept.
	Unauthenticated
	// Forbidden is a request from someone we know who may not do this.
	Forbidden
	// NotFound is a thing that is not there, or that the caller may not learn of.
	NotFound
	// Conflict is a request that contradicts the present state.
	Conflict
	// TooLarge is a request with more bytes than the route accepts.
	TooLarge
	// Unsupported is a request in a format that the route does not read.
	Unsupported
	// Unprocessable is a well-formed request whose content does not hold together.
	Unprocessable
	// RateLimited is a request too many. Error.RetryAfter says when to come back.
	RateLimited
	// Unavailable is a dependency that is away, or a full disk: the same request
	// can succeed later. Error.RetryAfter says when to try.
	Unavailable
	// TimedOut is a request whose body did not arrive in the time allowed for it.
	TimedOut
)

var kindNames = [...]string{
	"internal", "invalid", "unauthenticated", "forbidden", "not found", "conflict", "too large",
	"unsupported", "unprocessable", "rate limited", "unavailable", "timed out",
}

// String returns the kind in words, for logs.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Error is a failure of a known kind. It is immutable once made: package-level
// values may be shared by all goroutines.
type Error struct {
	Kind Kind
	// Message is one or more sentences for the person or program that asked. It
	// must be safe to show: no secret, no SQL, no path of ours.
	Message string
	// RetryAfter is how long the caller should wait before asking again; 0 when
	// there is no advice.
	RetryAfter time.Duration
	// Err is the cause, for the log only; nil when there is none.
	Err error
}

// New returns a failure without a cause.
func New(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: message(format, args)}
}

// Wrap returns a failure caused by err. The message is the formatted text alone:
// the words of err stay in the log. A nil err is the same as New.
func Wrap(err error, kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: message(format, args), Err: err}
}

// message formats only when there is something to format, so that a sentence
// with a per cent sign in it may be passed alone.
func message(format string, args []any) string {
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// Error returns the message followed by the cause, for the log.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// After returns a copy that advises to try again after d.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// Is reports whether target is an *Error of the same kind and message and
// without a cause of its own, so that a package-level *Error still matches with
// errors.Is after After made a copy of it.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Err == nil && t.Kind == e.Kind && t.Message == e.Message
}

// From returns the first *Error in the chain of err, or nil.
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// KindOf returns the kind of the first *Error in the chain of err, and Internal
// when there is none, also for a nil err.
func KindOf(err error) Kind {
	if e := From(err); e != nil {
		return e.Kind
	}
	return Internal
}
