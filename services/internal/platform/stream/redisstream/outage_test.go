package redisstream_test

import (
	"strconv"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/internal/platform/stream/redisstream"
)

// publishWhenBack publishes until it succeeds.
func publishWhenBack(t *testing.T, s stream.Stream, data any) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		err := s.Publish(t.Context(), "test.number", data)
		if err == nil {
			return
		}
		if fault.KindOf(err) != fault.Unavailable {
			t.Fatalf("an outage is reported as %v", err)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func expectReset(t *testing.T, ch <-chan stream.Message) {
	t.Helper()
	if m := receive(t, ch); m.Kind != stream.KindReset {
		t.Fatalf("received %s %s, want a reset", m.Kind, m.Data)
	}
}

func TestASubscriptionOutlivesRedis(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	s := redisstream.New(server.Client(), "nestbox:stream")
	ch, _ := subscribe(t, s, "")
	publish(t, s, 0)
	expect(t, ch, "0")

	for n, outage := range []func(){
		func() { server.Kill(); unavailable(t, s); server.Start() },
		func() { server.Stop(); unavailable(t, s); server.Start() },
		// Until the read that waits is given up, which takes block + blockGrace.
		func() { server.Freeze(); unavailable(t, s); time.AfterFunc(5*time.Second, server.Thaw) },
	} {
		outage()
		expectReset(t, ch)
		publishWhenBack(t, s, n+1)
		m := receive(t, ch)
		if string(m.Data) == "-1" { // a frozen Redis carries it out when it wakes up
			m = receive(t, ch)
		}
		if string(m.Data) != strconv.Itoa(n+1) {
			t.Fatalf("received %s, want %d", m.Data, n+1)
		}
	}
}

func unavailable(t *testing.T, s stream.Stream) {
	t.Helper()
	start := time.Now()
	if err := s.Publish(t.Context(), "test.number", -1); fault.KindOf(err) != fault.Unavailable {
		t.Fatalf("publish without Redis: %v", err)
	}
	if took := time.Since(start); took > rds.Timeout+time.Second {
		t.Errorf("publish without Redis took %v", took)
	}
}

func TestASubscriptionMayBeginWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	s := redisstream.New(server.Client(), "nestbox:stream")
	server.Kill()
	fresh, _ := subscribe(t, s, "")
	resumed, _ := subscribe(t, s, "1234567890123-7")
	server.Start()
	expectReset(t, fresh)
	expectReset(t, resumed)
	publishWhenBack(t, s, 1)
	expect(t, fresh, "1")
	expect(t, resumed, "1")
}

func TestWithoutWatchersThereIsNoConnection(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	client := server.Client()
	s := redisstream.New(client, "nestbox:stream")
	connections := func() string { return client.Info(t.Context(), "clients").Val()[:32] }
	before := connections()
	ch, cancel := subscribe(t, s, "")
	if connections() == before {
		t.Error("a watcher has no connection of its own")
	}
	start := time.Now()
	cancel()
	for range ch { // until it is closed
	}
	if took := time.Since(start); took > time.Second { // a read waits for 2 s
		t.Errorf("the channel was closed %v after the end", took)
	}
	for deadline := time.Now().Add(patience); connections() != before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("connections: %q, before: %q", connections(), before)
		}
	}
}
