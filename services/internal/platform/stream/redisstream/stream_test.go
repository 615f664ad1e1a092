package redisstream_test

import (
	"context"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/internal/platform/stream/redisstream"
	"home.arpa/nestbox/services/internal/platform/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 30 * time.Second

func TestStream(t *testing.T) {
	t.Parallel()
	streamtest.Exercise(t, func(t *testing.T) stream.Stream {
		return redisstream.New(redistest.New(t), "nestbox:stream")
	})
}

func publish(t *testing.T, s stream.Stream, data any) {
	t.Helper()
	if err := s.Publish(t.Context(), "test.number", data); err != nil {
		t.Fatal(err)
	}
}

func subscribe(t *testing.T, s stream.Stream, afterID string) (<-chan stream.Message, context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	ch, err := s.Subscribe(ctx, afterID)
	if err != nil {
		t.Fatal(err)
	}
	return ch, cancel
}

func receive(t *testing.T, ch <-chan stream.Message) stream.Message {
	t.Helper()
	select {
	case m, ok := <-ch:
		if !ok {
			t.Fatal("the channel is closed")
		}
		return m
	case <-time.After(patience):
		t.Fatal("no message")
	}
	panic("unreachable")
}

func expect(t *testing.T, ch <-chan stream.Message, data string) {
	t.Helper()
	if m := receive(t, ch); string(m.Data) != data {
		t.Fatalf("received %s %s %s, want %s", m.ID, m.Kind, m.Data, data)
	}
}

func TestForeignEntriesAreSkipped(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	s := redisstream.New(client, "nestbox:stream")
	ch, _ := subscribe(t, s, "")
	for _, values := range [][]any{{"a", "b"}, {"kind", "k"}, {"kind", "k", "data", "{"}} {
		if err := client.Do(t.Context(), append([]any{"XADD", "nestbox:stream", "*"}, values...)...).Err(); err != nil {
			t.Fatal(err)
		}
	}
	publish(t, s, 1)
	expect(t, ch, "1")
}
