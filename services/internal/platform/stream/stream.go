// Package stream carries what happens in the hub to those who watch it live:
// small messages in one order, with ids from which a watcher that lost its
// connection goes on.
//
// It owns ids, order, resuming and what happens to a watcher that is too slow.
// It refuses to know the kinds of messages. It is a helper and no record: what
// must not be lost is in a store before it is published here.
//
// Memory is here; the one for several processes is in package redisstream, so
// that the hub does not link the client of Redis. Both pass streamtest.Exercise.
package stream

import (
	"context"
	"encoding/json"
	"regexp"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// KindReset is the kind of a message that the stream makes itself: messages may
// have been lost, so the watcher must read the state anew. It has neither ID
// nor Data. Whatever is published after it follows it.
const KindReset = "stream.reset"

// Message is something that happened.
type Message struct {
	// ID is the position in the stream, "<Unix ms>-<number>"; ids grow. It is
	// empty for KindReset: a watcher keeps the last id that it had (so an SSE
	// handler sends no id line).
	ID string
	// Kind names what happened, "device.updated".
	Kind string
	// Data is one JSON value; shared between watchers, so read-only.
	Data json.RawMessage
}

// Stream is safe for concurrent use.
type Stream interface {
	// Publish appends a message with data as JSON. It never waits for watchers.
	// fault.Unavailable when the stream's server is away; the message is lost.
	Publish(ctx context.Context, kind string, data any) error

	// Subscribe returns the messages after the one with the id afterID, and then
	// live ones. An empty afterID means live only, "0" all that is kept. When
	// afterID is no longer kept, or is from before a restart, KindReset comes
	// first and then live messages. An afterID that is no id is fault.Invalid.
	//
	// Every message that is published after Subscribe has returned is delivered,
	// except over an outage of the stream's server: the subscription stays, heals
	// and delivers KindReset. The channel is closed when ctx ends, and when the
	// receiver has fallen behind by more than the stream keeps for it; it can
	// then subscribe again from its last id. A receiver that stops receiving
	// must end ctx.
	Subscribe(ctx context.Context, afterID string) (<-chan Message, error)
}

// Beginning is the id before all others.
const Beginning = "0-0"

var idFormat = regexp.MustCompile(`^[0-9]{1,19}(-[0-9]{1,19})?$`)

// ParseID brings an id that a client sent into the form of Message.ID, or
// returns fault.Invalid. It is for implementations.
func ParseID(id string) (string, error) {
	match := idFormat.FindStringSubmatch(id)
	if match == nil {
		return "", fault.New(fault.Invalid, "This is not the id of an event of the stream. Leave it out to get new events only.")
	}
	if match[1] == "" {
		id += "-0"
	}
	return id, nil
}
