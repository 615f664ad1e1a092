package media

import (
	"context"
	"errors"
	"io"
)

// ErrFull means that there is no room for the bytes. Whoever returns it has left
// nothing behind.
var ErrFull = errors.New("no space left for pictures")

// ErrNoBlob means that there are no bytes under an id.
var ErrNoBlob = errors.New("there are no bytes under this id")

// Blobs keeps bytes under picture ids. Pictures and thumbnails are two Blobs. It
// is safe for concurrent use. Ids have passed CheckPictureID; an implementation
// refuses others all the same, since it makes names of them.
//
// Errors of a store that is away have kind fault.Unavailable.
type Blobs interface {
	// Stage begins bytes that have no id yet. Nobody else sees them.
	Stage(ctx context.Context) (Staged, error)
	// Open returns the bytes under id and their number, or ErrNoBlob. The caller
	// closes. A reader goes on working when the bytes are removed meanwhile, or
	// fails; it never returns other bytes.
	Open(ctx context.Context, id string) (Blob, error)
	// Size returns the number of bytes under id, or ErrNoBlob.
	Size(ctx context.Context, id string) (int64, error)
	// Remove makes the bytes under ids go, durably: they do not come back after a
	// power cut. Ids without bytes are passed over.
	Remove(ctx context.Context, ids []string) error
	// Walk calls fn for everything that is there, in ascending order of id; things
	// that are not ours have no id and come in any order. It needs memory for a
	// bounded part of it only. An error of fn ends it.
	Walk(ctx context.Context, fn func(Entry) error) error
	// Sweep removes what crashed processes left in staging and returns how many.
	Sweep(ctx context.Context) (int, error)
	// Free returns the bytes that can still be written before the disk is full;
	// known is false where there is no such number.
	Free(ctx context.Context) (bytes int64, known bool, err error)
	// Ping reports whether bytes can be kept now, for readiness.
	Ping(ctx context.Context) error
}

// Staged is where bytes wait until somebody knows that they are whole. It is not
// safe for concurrent use. Exactly one of Commit and Discard ends it; Discard
// after Commit does nothing, so it may be deferred.
type Staged interface {
	// Write adds bytes. ErrFull when there is no room.
	io.Writer
	// Commit puts the bytes under id, durable when it returns nil, in place of what
	// is there. After an error nothing is staged any more, and the bytes may be under
	// id or not.
	Commit(ctx context.Context, id string) error
	// Discard forgets the bytes.
	Discard() error
}

// Blob is opened bytes.
type Blob interface {
	io.ReadSeekCloser
	Size() int64
}

// Entry is one thing found by Walk.
type Entry struct {
	// ID is empty for something that is not ours.
	ID   string
	Name string // for the log
	Size int64  // bytes
}
