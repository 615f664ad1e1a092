// Package feed keeps the last messages of this process and lets any number of
// goroutines follow them, each at its own speed. It refuses to know what a
// message is.
package feed

import (
	"context"
	"sync"
)

// batchSize is how many messages a watcher takes under one lock.
const batchSize = 32

// Feed is a ring of messages that are numbered from 0. Nothing is kept per
// follower but a number, and appending costs the same with none and with a
// thousand. It is safe for concurrent use.
type Feed[M any] struct {
	mu   sync.Mutex
	ring []M
	next uint64        // the number of the next message; it goes to ring[next % len]
	grow chan struct{} // closed and replaced when a message is appended
}

// New returns a feed that keeps the last capacity messages, at least one.
func New[M any](capacity int) *Feed[M] {
	return &Feed[M]{ring: make([]M, max(capacity, 1)), grow: make(chan struct{})}
}

// Append adds a message. It waits for nobody.
func (f *Feed[M]) Append(m M) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring[f.next%uint64(len(f.ring))] = m
	f.next++
	close(f.grow)
	f.grow = make(chan struct{})
}

// End returns the number of the message that comes next.
func (f *Feed[M]) End() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

// Oldest returns the number of the oldest message that is kept, or End when
// there is none.
func (f *Feed[M]) Oldest() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.oldest()
}

func (f *Feed[M]) oldest() uint64 {
	if n := uint64(len(f.ring)); f.next > n {
		return f.next - n
	}
	return 0
}

// After returns the number of the message that follows the newest one for which
// is returns true; false when there is none among those that are kept.
func (f *Feed[M]) After(is func(M) bool) (uint64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := f.next; n > f.oldest(); n-- {
		if is(f.ring[(n-1)%uint64(len(f.ring))]) {
			return n, true
		}
	}
	return 0, false
}

// read copies messages from number n into batch. With 0 of them, grow tells
// when there is more. It returns false when number n has been overwritten.
func (f *Feed[M]) read(n uint64, batch []M) (count int, grow <-chan struct{}, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n < f.oldest() {
		return 0, nil, false
	}
	for count < len(batch) && n < f.next {
		batch[count] = f.ring[n%uint64(len(f.ring))]
		count++
		n++
	}
	return count, f.grow, true
}

// Follow sends the messages from number n on to out until ctx ends or the
// receiver has fallen behind by the whole ring.
func (f *Feed[M]) Follow(ctx context.Context, n uint64, out chan<- M) {
	var batch [batchSize]M
	for {
		count, grow, ok := f.read(n, batch[:])
		if !ok {
			return
		}
		for _, m := range batch[:count] {
			if !Send(ctx, out, m) {
				return
			}
		}
		n += uint64(count)
		if count > 0 {
			continue
		}
		select {
		case <-grow:
		case <-ctx.Done():
			return
		}
	}
}

// Send sends m unless ctx ends first, and returns whether it did.
func Send[M any](ctx context.Context, out chan<- M, m M) bool {
	select {
	case out <- m:
		return true
	case <-ctx.Done():
		return false
	}
}
