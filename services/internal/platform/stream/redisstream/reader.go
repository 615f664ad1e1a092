package redisstream

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/internal/platform/stream/internal/feed"
)

const (
	// block is how long Redis waits for a message before it says that there is
	// none; a frozen Redis is noticed a little later than that.
	block      = 2 * time.Second
	blockGrace = 500 * time.Millisecond

	// The pause before the next attempt, while Redis is away: doubled each time,
	// between half of it and all of it.
	minPause = 100 * time.Millisecond
	maxPause = 2 * time.Second
)

// reader copies what is new in the Redis stream into a feed, over a connection
// of its own: a read that blocks would take one from the pool of the service,
// and can be ended only by closing it. It lives while somebody watches.
type reader struct {
	feed   *feed.Feed[stream.Message]
	client *redis.Client
	key    string
	cancel context.CancelFunc

	mu   sync.Mutex
	head string // the last id read; "" while Redis is away
}

// startReader finds the end of the stream, so that nothing published after it
// returns is missed, and reads from there in the background. When Redis is away
// the reader starts all the same.
func startReader(ctx context.Context, client *redis.Client, key string) *reader {
	opts := *client.Options()
	opts.PoolSize = 1
	opts.MaxRetries = -1
	// The subscription of the first watcher does not own the reader.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r := &reader{feed: feed.New[stream.Message](keepHere), client: redis.NewClient(&opts), key: key, cancel: cancel}
	if head, err := r.end(ctx); err == nil {
		r.head = head
	}
	go r.run(ctx)
	return r
}

// stop ends the reader. The connection is closed, which ends a read that waits.
func (r *reader) stop() {
	r.cancel()
	_ = r.client.Close() // nothing is lost with the connection
}

// point returns where a new watcher begins: the number of the next message of
// the feed, and the id in Redis of the one before it; "" while Redis is away.
func (r *reader) point() (n uint64, head string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.feed.End(), r.head
}

// advance appends messages and moves the head in one step, so that point never
// sees one without the other.
func (r *reader) advance(head string, messages ...stream.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range messages {
		r.feed.Append(m)
	}
	r.head = head
}

func (r *reader) run(ctx context.Context) {
	_, head := r.point()
	away := head == ""
	pause := minPause
	for ctx.Err() == nil {
		if away {
			healed, err := r.heal(ctx, head)
			if err != nil {
				rest(ctx, &pause)
				continue
			}
			head, away, pause = healed, false, minPause
		}
		entries, err := r.read(ctx, head)
		if err != nil {
			away = true
			r.advance("")
			continue
		}
		messages := make([]stream.Message, 0, len(entries))
		for _, e := range entries {
			head = e.ID
			if m, ok := message(e); ok {
				messages = append(messages, m)
			}
		}
		r.advance(head, messages...)
	}
}

// read waits for messages after an id. None after a while is no error.
func (r *reader) read(ctx context.Context, after string) ([]redis.XMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, block+blockGrace)
	defer cancel()
	streams, err := r.client.XRead(ctx, &redis.XReadArgs{
		Streams: []string{r.key, after}, Count: page, Block: block,
	}).Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return streams[0].Messages, nil
}

// heal finds where to go on after an outage, and tells the watchers that they
// may have missed something: what was tried to be published meanwhile is lost.
func (r *reader) heal(ctx context.Context, head string) (string, error) {
	end, err := r.end(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case head == "": // Redis was away from the start
		head = end
	case less(end, head):
		// Redis came back empty. If its clock is behind as well, its new ids are
		// smaller than ours and would never be read.
		head = stream.Beginning
	}
	r.advance(head, stream.Message{Kind: stream.KindReset})
	return head, nil
}

// end returns the id of the last message in Redis.
func (r *reader) end(ctx context.Context) (string, error) {
	last, err := r.client.XRevRangeN(ctx, r.key, "+", "-", 1).Result()
	if err != nil {
		return "", err
	}
	if len(last) == 0 {
		return stream.Beginning, nil
	}
	return last[0].ID, nil
}

// less compares two ids of Redis.
func less(a, b string) bool {
	ams, aseq := split(a)
	bms, bseq := split(b)
	return ams < bms || (ams == bms && aseq < bseq)
}

func split(id string) (ms, seq uint64) {
	left, right, _ := strings.Cut(id, "-")
	ms, _ = strconv.ParseUint(left, 10, 64)
	seq, _ = strconv.ParseUint(right, 10, 64)
	return ms, seq
}

// rest waits for pause with jitter and doubles it.
func rest(ctx context.Context, pause *time.Duration) {
	timer := time.NewTimer(*pause/2 + rand.N(*pause/2)) // #nosec G404 -- jitter, not a secret
	defer timer.Stop()
	*pause = min(*pause*2, maxPause)
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
