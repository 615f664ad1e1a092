package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

func TestCommandReachesAWaitingCameraAtOnce(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	op, c := h.operator(), h.newCamera(1).enrol(t)
	type arrival struct {
		a  hubtest.Answer
		at time.Time
	}
	var took []time.Duration
	for range 10 {
		arrived := make(chan arrival, 1)
		go func() {
			a, _ := c.poll(30)
			arrived <- arrival{a, time.Now()}
		}()
		// The poll waits: the command is created only after it got there, which presence of the connection cannot tell us, so
		// a poll that came late only makes the measured time shorter than what a waiting one needs, never longer.
		settle(t, h)
		begin := time.Now()
		made := op.do(http.MethodPost, "/api/commands", map[string]any{"device_id": c.id, "kind": "identify"}).Want(t, http.StatusCreated)
		got := <-arrived
		commands := got.a.Want(t, http.StatusOK).JSON["commands"].([]any)
		if len(commands) != 1 || commands[0].(map[string]any)["command_id"] != made.JSON["command_id"] {
			t.Fatalf("arrived %s, want %s", got.a.Body, made.Body)
		}
		took = append(took, got.at.Sub(begin))
		id := made.JSON["command_id"].(string)
		for range 2 { // the answer may be lost and sent again
			hubtest.Do(t, http.MethodPost, c.url+"/api/devices/"+c.id+"/commands/"+id+"/result",
				map[string]any{"status": "succeeded"}, c.bearer()...).Want(t, http.StatusOK)
		}
		if state := op.do(http.MethodGet, "/api/commands/"+id, nil).JSON["state"]; state != "succeeded" {
			t.Errorf("state %v", state)
		}
	}
	slices.Sort(took)
	t.Logf("created to arrived: median %v, slowest %v", took[len(took)/2], took[len(took)-1])
	if slowest := took[len(took)-1]; slowest > 150*time.Millisecond && !raceEnabled {
		t.Errorf("slowest %v, want under 150 ms", slowest)
	}
}

// settle lets a request that was just started reach the hub: a few round trips of its own.
func settle(t *testing.T, h *hub) {
	t.Helper()
	for range 20 {
		hubtest.Do(t, http.MethodGet, h.url+"/api/openapi.yaml", nil).Want(t, http.StatusOK)
	}
}

func TestPollWithoutCommandsEndsInTime(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	c := h.newCamera(1).enrol(t)
	begin := time.Now()
	a, err := c.poll(1)
	if err != nil || a.Status != http.StatusNoContent {
		t.Fatalf("%d %v", a.Status, err)
	}
	if took := time.Since(begin); took < 900*time.Millisecond || took > 10*time.Second {
		t.Errorf("took %v, want 1 s", took)
	}
}
