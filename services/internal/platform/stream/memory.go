package stream

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"home.arpa/nestbox/services/internal/platform/stream/internal/feed"
)

// Memory is a Stream inside one process. After a restart it is empty; ids go on
// growing, and a watcher that comes back with an old one is told to start anew.
type Memory struct {
	feed *feed.Feed[Message]
	now  func() time.Time

	mu     sync.Mutex // makes ids grow in the order of the feed
	lastMS int64
	seq    int64
}

// NewMemory returns a stream that keeps the last capacity messages, for
// watchers that resume and for those that are slow.
func NewMemory(capacity int) *Memory {
	return &Memory{feed: feed.New[Message](capacity), now: time.Now}
}

// Publish implements Stream. It fails only for data that is no JSON.
func (s *Memory) Publish(_ context.Context, kind string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode message %s: %w", kind, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// The clock may be set back; ids may not.
	if ms := s.now().UnixMilli(); ms > s.lastMS {
		s.lastMS, s.seq = ms, 0
	} else {
		s.seq++
	}
	s.feed.Append(Message{ID: fmt.Sprintf("%d-%d", s.lastMS, s.seq), Kind: kind, Data: raw})
	return nil
}

// Subscribe implements Stream.
func (s *Memory) Subscribe(ctx context.Context, afterID string) (<-chan Message, error) {
	n, found := s.feed.End(), true
	if afterID != "" {
		id, err := ParseID(afterID)
		if err != nil {
			return nil, err
		}
		n, found = s.after(id)
	}
	out := make(chan Message)
	go func() {
		defer close(out)
		if found || feed.Send(ctx, out, Message{Kind: KindReset}) {
			s.feed.Follow(ctx, n, out)
		}
	}()
	return out, nil
}

// after returns where a watcher goes on, and false when it has missed something.
func (s *Memory) after(id string) (n uint64, found bool) {
	if id == Beginning {
		return s.feed.Oldest(), true
	}
	end := s.feed.End()
	if n, found = s.feed.After(func(m Message) bool { return m.ID == id }); !found {
		n = end
	}
	return n, found
}
