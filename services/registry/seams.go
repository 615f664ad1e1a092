package registry

import (
	"context"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
)

// Publisher hands what the other services must know to where they read it:
// Redis, or their memory when all run in one process. It is a cache of the
// database and can be lost; Service.Republish fills it again.
//
// Each method replaces what was published before under the same key. The
// service makes sure that the newest state is the last one published.
type Publisher interface {
	PublishDevice(ctx context.Context, s DeviceState) error
	// PublishOperator makes the credential with the hash (auth.HashCredential)
	// valid until expires; zero is for ever.
	PublishOperator(ctx context.Context, hash string, p auth.Principal, expires time.Time) error
	// ForgetOperator makes it invalid. Unknown hashes are no error.
	ForgetOperator(ctx context.Context, hash string) error
	// Published reports whether all that was published is still there: false after
	// the place was emptied or is new.
	Published(ctx context.Context) (bool, error)
	// BeginPublishing precedes publishing everything. What it returns says that the
	// place is filled, and does not if it was emptied since.
	BeginPublishing(ctx context.Context) (end func(context.Context) error, err error)
}

// OperatorLister is a Publisher whose place outlives the process. The service
// compares what is there with the database: a process can die after it deleted
// a credential and before it could say so.
type OperatorLister interface {
	// PublishedOperators returns the hashes of all valid credentials.
	PublishedOperators(ctx context.Context) ([]string, error)
}

// Notifier wakes devices that wait for a command, in all processes. It may lose
// a call; a waiting device also looks by itself now and then.
type Notifier interface {
	// Notify says that something changed for the device.
	Notify(ctx context.Context, deviceID string) error
	// Listen returns a channel that receives after each Notify for the device, from
	// now until stop is called. Several calls may become one.
	Listen(deviceID string) (woken <-chan struct{}, stop func())
	// Reachable reports whether calls of Notify in other processes arrive here now.
	// While they do not, waiting devices look more often.
	Reachable() bool
}

// Events takes what people watch live. Best effort: the tables are the truth.
type Events interface {
	Publish(ctx context.Context, kind string, data any) error
}

// Limiter allows a number of acts per time and key. It returns 0 when the act
// is allowed, otherwise the time until one will be.
type Limiter interface {
	Allow(ctx context.Context, key string) (retryAfter time.Duration, err error)
}

// Peeker is a Limiter that also tells without counting.
type Peeker interface {
	Limiter
	// Peek returns what Allow would, and counts nothing.
	Peek(ctx context.Context, key string) (retryAfter time.Duration, err error)
}

// Signer makes the token of a device.
type Signer interface {
	Sign(c auth.Claims) (string, error)
}

// Rate is PerSecond acts a second, after Burst at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// The rates of Limits. A person mistypes a few times; a program that guesses
// passwords gets 4 thousand tries a day from one address.
var (
	RateEnrolment  = Rate{PerSecond: 1. / 10, Burst: 20}
	RateLogin      = Rate{PerSecond: 1. / 20, Burst: 10}
	RateLoginTotal = Rate{PerSecond: 1. / 2, Burst: 30}
)

// Limits are the limiters of what can be guessed.
type Limits struct {
	// Enrolment counts registrations that failed, by client address.
	Enrolment Peeker
	// Login counts attempts by client address, LoginTotal all of them: hashing a
	// password costs a Pi 19 MiB and much of a second.
	Login      Limiter
	LoginTotal Limiter
}
