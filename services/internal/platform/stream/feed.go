package stream

import (
	"context"
	"sync"
)

// batchSize is how many messages a watcher takes under one lock.
const batchSize = 32

// feed keeps the last messages of this process and lets any number of
// goroutines follow them. Nothing is kept per follower but a number, and
// appending costs the same with none and with a thousand.
type feed struct {
	mu   sync.Mutex
	ring []Message
	next uint64        // the number of the next message; it goes to ring[next % len]
	grow chan struct{} // closed and replaced when a message is appended
}

func newFeed(capacity int) *feed {
	return &feed{ring: make([]Message, max(capacity, 1)), grow: make(chan struct{})}
}

func (f *feed) append(m Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.ring[f.next%uint64(len(f.ring))] = m
	f.next++
	close(f.grow)
	f.grow = make(chan struct{})
}

// end returns the number of the message that comes next.
func (f *feed) end() uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next
}

func (f *feed) oldest() uint64 {
	if n := uint64(len(f.ring)); f.next > n {
		return f.next - n
	}
	return 0
}

// after returns the number of the message that follows the one with this id;
// false when that one is not kept.
func (f *feed) after(id string) (uint64, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if id == beginning {
		return f.oldest(), true
	}
	for n := f.next; n > f.oldest(); n-- {
		if f.ring[(n-1)%uint64(len(f.ring))].ID == id {
			return n, true
		}
	}
	return 0, false
}

// read copies messages from number n into batch. With 0 of them, grow tells
// when there is more. It returns false when number n has been overwritten.
func (f *feed) read(n uint64, batch []Message) (count int, grow <-chan struct{}, ok bool) {
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

// follow sends the messages from number n on to out until ctx ends or the
// receiver has fallen behind by the whole ring.
func (f *feed) follow(ctx context.Context, n uint64, out chan<- Message) {
	var batch [batchSize]Message
	for {
		count, grow, ok := f.read(n, batch[:])
		if !ok {
			return
		}
		for _, m := range batch[:count] {
			if !send(ctx, out, m) {
				return
			}
		}
		n += uint64(count) // #nosec G115 -- at most batchSize
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

func send(ctx context.Context, out chan<- Message, m Message) bool {
	select {
	case out <- m:
		return true
	case <-ctx.Done():
		return false
	}
}
