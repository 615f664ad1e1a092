// Package streamtest is what every stream.Stream must do.
package streamtest

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/stream"
)

const patience = 30 * time.Second

// Exercise runs every claim of stream.Stream's contract against streams that
// newStream makes: each empty, and keeping 1024 messages for live watchers.
func Exercise(t *testing.T, newStream func(t *testing.T) stream.Stream) {
	for name, claim := range map[string]func(*testing.T, stream.Stream){
		"every watcher gets every message in order":             everyWatcherGetsEveryMessageInOrder,
		"a watcher resumes from an ID":                          aWatcherResumesFromAnID,
		"resuming beside a publisher loses and repeats nothing": resumingBesideAPublisherLosesAndRepeatsNothing,
		"an ID that is not kept gives a reset":                  anIDThatIsNotKeptGivesAReset,
		"a text that is no ID is invalid":                       aTextThatIsNoIDIsInvalid,
		"a slow watcher is closed and blocks nobody":            aSlowWatcherIsClosedAndBlocksNobody,
		"data that is no JSON is refused":                       dataThatIsNoJSONIsRefused,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claim(t, newStream(t))
		})
	}
}

func publish(t *testing.T, s stream.Stream, data any) {
	t.Helper()
	if err := s.Publish(t.Context(), "test.number", data); err != nil {
		t.Fatal(err)
	}
}

// subscribe ends the subscription before the servers of the test end.
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

// expect receives numbers in order and returns the last id.
func expect(t *testing.T, ch <-chan stream.Message, from, to int) (lastID string) {
	t.Helper()
	for n := from; n <= to; n++ {
		m := receive(t, ch)
		if m.Kind != "test.number" || string(m.Data) != strconv.Itoa(n) || m.ID == "" {
			t.Fatalf("received %s %s %s, want number %d", m.ID, m.Kind, m.Data, n)
		}
		lastID = m.ID
	}
	return lastID
}

func closed(t *testing.T, ch <-chan stream.Message) {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case _, ok := <-ch:
			if !ok {
				return
			}
		case <-deadline:
			t.Fatal("the channel is not closed")
		}
	}
}

func everyWatcherGetsEveryMessageInOrder(t *testing.T, s stream.Stream) {
	publish(t, s, -1) // before anybody watches
	first, _ := subscribe(t, s, "")
	second, _ := subscribe(t, s, "")
	for n := range 100 {
		publish(t, s, n)
	}
	expect(t, first, 0, 99)
	expect(t, second, 0, 99)
}

func aWatcherResumesFromAnID(t *testing.T, s stream.Stream) {
	ch, cancel := subscribe(t, s, "")
	for n := range 5 {
		publish(t, s, n)
	}
	id := expect(t, ch, 0, 2)
	cancel()
	closed(t, ch)
	for n := 5; n < 600; n++ { // more than one page
		publish(t, s, n)
	}
	again, _ := subscribe(t, s, id)
	expect(t, again, 3, 300)
	publish(t, s, 600)
	last := expect(t, again, 301, 600)

	none, _ := subscribe(t, s, last)
	publish(t, s, 601)
	expect(t, none, 601, 601)
	all, _ := subscribe(t, s, "0")
	expect(t, all, 0, 601)
}

func resumingBesideAPublisherLosesAndRepeatsNothing(t *testing.T, s stream.Stream) {
	const total = 400
	first, _ := subscribe(t, s, "")
	publish(t, s, 0)
	id := expect(t, first, 0, 0)
	done := make(chan error, 1)
	go func() {
		for n := 1; n <= total; n++ {
			if err := s.Publish(t.Context(), "test.number", n); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	// Watchers that come, take some and come back, while messages arrive.
	for next := 1; next <= total; {
		ch, cancel := subscribe(t, s, id)
		upTo := min(next+6, total)
		id = expect(t, ch, next, upTo)
		next = upTo + 1
		cancel()
	}
	expect(t, first, 1, total)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func anIDThatIsNotKeptGivesAReset(t *testing.T, s stream.Stream) {
	publish(t, s, 0)
	ch, _ := subscribe(t, s, "1234567890123-7")
	publish(t, s, 1)
	if m := receive(t, ch); m.Kind != stream.KindReset || m.ID != "" {
		t.Errorf("received %+v, want a reset without an id", m)
	}
	expect(t, ch, 1, 1)
}

func aTextThatIsNoIDIsInvalid(t *testing.T, s stream.Stream) {
	for _, id := range []string{"x", "$", "1-", "-1", "1-2-3", "1 2", "99999999999999999999999-1", "1-1\n"} {
		if _, err := s.Subscribe(t.Context(), id); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func aSlowWatcherIsClosedAndBlocksNobody(t *testing.T, s stream.Stream) {
	slow, _ := subscribe(t, s, "")
	quick, _ := subscribe(t, s, "")
	const total = 2000 // more than is kept for live watchers
	for n := range total {
		publish(t, s, n)
		expect(t, quick, n, n)
	}
	closed(t, slow)
}

func dataThatIsNoJSONIsRefused(t *testing.T, s stream.Stream) {
	if err := s.Publish(t.Context(), "test.number", make(chan int)); err == nil {
		t.Error("a channel was published")
	}
	ch, _ := subscribe(t, s, "")
	publish(t, s, json.RawMessage(`{"a":"\u0000\"ä"}`))
	if m := receive(t, ch); string(m.Data) != `{"a":"\u0000\"ä"}` {
		t.Errorf("received %s", m.Data)
	}
}
