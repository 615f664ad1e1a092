// Package redisstream is a stream.Stream in Redis, for services that run as
// several processes.
package redisstream

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/internal/platform/stream/internal/feed"
)

const (
	// keepInRedis is about how many messages the Redis stream keeps for watchers
	// that resume: at 500 cameras, some hours.
	keepInRedis = 10_000
	// keepHere is how far a live watcher may fall behind.
	keepHere = 1024
	// page is how many messages of the past are fetched at once.
	page = 256
)

// Stream is shared by all processes with the same Redis and key.
//
// However many watch, a process has one connection that reads (see reader) and
// none while nobody watches.
type Stream struct {
	client *redis.Client
	key    string

	mu       sync.Mutex
	reader   *reader // nil while nobody watches
	watchers int
}

// New returns the stream at key. The client stays the caller's, and must be open
// while the stream is in use.
func New(client *redis.Client, key string) *Stream {
	return &Stream{client: client, key: key}
}

// Publish implements stream.Stream.
func (s *Stream) Publish(ctx context.Context, kind string, data any) error {
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode message %s: %w", kind, err)
	}
	err = s.client.XAdd(ctx, &redis.XAddArgs{
		Stream: s.key, MaxLen: keepInRedis, Approx: true,
		Values: []any{"kind", kind, "data", raw},
	}).Err()
	if err != nil {
		return rds.Translate(fmt.Errorf("publish %s: %w", kind, err))
	}
	return nil
}

// Subscribe implements stream.Stream. It succeeds also while Redis is away.
func (s *Stream) Subscribe(ctx context.Context, afterID string) (<-chan stream.Message, error) {
	if afterID != "" {
		id, err := stream.ParseID(afterID)
		if err != nil {
			return nil, err
		}
		afterID = id
	}
	r := s.join(ctx)
	n, head := r.point()
	out := make(chan stream.Message)
	go func() {
		defer close(out)
		defer s.leave()
		if afterID != "" && head != "" { // no head: Redis is away and a reset follows
			if !s.past(ctx, afterID, head, out) {
				return
			}
		}
		r.feed.Follow(ctx, n, out)
	}()
	return out, nil
}

// join starts the reader for the first watcher.
func (s *Stream) join(ctx context.Context) *reader {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers == 0 {
		s.reader = startReader(ctx, s.client, s.key)
	}
	s.watchers++
	return s.reader
}

// leave stops the reader after the last watcher.
func (s *Stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watchers--; s.watchers == 0 {
		s.reader.stop()
		s.reader = nil
	}
}

// past sends the messages after one id up to and including another. It returns
// false when ctx has ended. When they are not all there, or Redis goes away, it
// sends a reset instead of what is missing.
func (s *Stream) past(ctx context.Context, after, upTo string, out chan<- stream.Message) bool {
	if after == upTo {
		return true
	}
	if after != stream.Beginning {
		kept, err := s.client.XRange(ctx, s.key, after, after).Result()
		if err != nil || len(kept) == 0 {
			return feed.Send(ctx, out, stream.Message{Kind: stream.KindReset})
		}
	}
	for {
		entries, err := s.client.XRangeN(ctx, s.key, "("+after, upTo, page).Result()
		if err != nil {
			return feed.Send(ctx, out, stream.Message{Kind: stream.KindReset})
		}
		for _, e := range entries {
			if m, ok := message(e); ok && !feed.Send(ctx, out, m) {
				return false
			}
			after = e.ID
		}
		if len(entries) < page {
			return ctx.Err() == nil
		}
	}
}

// message reads an entry; false for one that somebody else wrote.
func message(e redis.XMessage) (stream.Message, bool) {
	kind, kindOK := e.Values["kind"].(string)
	data, dataOK := e.Values["data"].(string)
	if !kindOK || !dataOK || !json.Valid([]byte(data)) {
		return stream.Message{}, false
	}
	return stream.Message{ID: e.ID, Kind: kind, Data: json.RawMessage(data)}, true
}
