package stream

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Memory is a Stream inside one process. After a restart it is empty; ids go on
// growing, and a watcher that comes back with an old one is told to start anew.
type Memory struct {
	feed *feed
	now  func() time.Time

	mu     sync.Mutex // makes ids grow in the order of the feed
	lastMS int64
	seq    int64
}

// NewMemory returns a stream that keeps the last capacity messages, for
// watchers that resume and for those that are slow.
func NewMemory(capacity int) *Memory {
	return &Memory{feed: newFeed(capacity), now: time.Now}
}

// Publish implements Stream. It fails only for data that is no JSON.
func (s *Memory) Publish(_ context.Context, kind string, data any) error {
	raw, err := encode(kind, data)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The clock may be set back; ids may not.
	if ms := s.now().UnixMilli(); ms > s.lastMS {
		s.lastMS, s.seq = ms, 0
	} else {
		s.seq++
	}
	s.feed.append(Message{ID: fmt.Sprintf("%d-%d", s.lastMS, s.seq), Kind: kind, Data: raw})
	return nil
}

// Subscribe implements Stream.
func (s *Memory) Subscribe(ctx context.Context, afterID string) (<-chan Message, error) {
	n, found := s.feed.end(), true
	if afterID != "" {
		id, err := parseID(afterID)
		if err != nil {
			return nil, err
		}
		var after uint64
		if after, found = s.feed.after(id); found {
			n = after
		}
	}
	out := make(chan Message)
	go func() {
		defer close(out)
		if !found && !send(ctx, out, Message{Kind: KindReset}) {
			return
		}
		s.feed.follow(ctx, n, out)
	}()
	return out, nil
}
