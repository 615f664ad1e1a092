package served_test

import (
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// TestOneTelemetryReplicaWritesPresence runs two; when the one that holds the lease is killed, the other takes over, and no
// camera is called offline by that.
func TestOneTelemetryReplicaWritesPresence(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{})
	other := w.service("telemetry")
	other.start()
	other.awaitReady("ready")
	op, c := w.login().script(), w.newCamera(1).enrol(t)
	if a, err := c.beat(); err != nil || a.Status != http.StatusOK {
		t.Fatalf("%d %v", a.Status, err)
	}
	online := func() bool { return op.do(http.MethodGet, "/api/presence/"+c.id, nil).Text("state") == "online" }
	hubtest.Eventually(t, 30*time.Second, "the camera is online", online)
	client := w.redis.Client()
	holder := func() string { return client.Get(t.Context(), "nestbox:telemetry:sweeper").Val() }
	first := holder()
	if first == "" {
		t.Fatal("nobody holds the sweeper's lease")
	}

	w.telemetry.kill()
	begin := time.Now()
	hubtest.Eventually(t, 30*time.Second, "the other replica takes the lease", func() bool { h := holder(); return h != "" && h != first })
	t.Logf("the lease moved %v after the kill", time.Since(begin).Round(time.Millisecond))
	w.telemetry.start()
	w.telemetry.awaitReady("ready")
	if !online() {
		t.Error("the camera is not online any more")
	}
	events := op.all("/api/events", "events", "kind=presence&device_id="+c.id)
	if len(events) != 1 {
		t.Errorf("%d presence events, want the one of its arrival: %v", len(events), events)
	}
}
