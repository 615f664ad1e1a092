// Package emulated tests what only the emulated camera can show: power cuts at any instruction, and a fleet on one machine.
package emulated

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// powerCuts is how often; NESTBOX_POWER_CUTS says otherwise.
func powerCuts(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("NESTBOX_POWER_CUTS"))
	switch {
	case err == nil:
		return n
	case testing.Short():
		t.Skip("200 power cuts take minutes: run without -short")
	}
	return 200
}

// Kill -9 at random moments while the camera enrols, queues, logs and changes its settings. What its flash says was queued is
// in the hub in the end, each event once, and the hub never met another camera under its name.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	cuts := powerCuts(t)
	h := harness.StartHub(t, harness.ByKey)
	g := harness.StartGate(t, h.CameraURL)
	c := harness.NewEmulated(t, harness.Model{Hub: g.URL, Key: h.Key, Scene: "empty"})
	ledger := map[string]bool{}
	locked := false
	for cut := range cuts {
		if cut%10 > 5 { // so that events wait for more than one boot
			g.Lie([]byte{})
		} else {
			g.Open()
		}
		disturb(h, c.ID(), cut, &locked)
		runUntilCut(t, c, 300*time.Millisecond+rand.N(1200*time.Millisecond))
		shown, events := c.Flash(t)
		if !strings.Contains(shown, "id "+c.ID()+"\n") {
			t.Fatalf("cut %d: no identity in\n%s", cut, shown)
		}
		for _, e := range events {
			ledger[e] = true
		}
	}
	g.Open()
	c.Start(t)
	harness.Until(t, "every event that waited in flash is in the hub", 2*time.Minute, func() bool {
		return len(missing(h, c.ID(), ledger)) == 0
	})
	harness.Until(t, "the privacy that the hub wants is acknowledged", time.Minute, func() bool {
		p := h.Device(c.ID()).Privacy
		return p.Acknowledged == p.Generation
	})
	if !c.Runs() {
		t.Error("the camera crashed")
	}
	c.Cut()
	checkNothingTwice(t, h, c.ID())
	if d := h.Device(c.ID()); d.Status != "approved" || string(d.Reenrolment) != "null" {
		t.Errorf("the camera came back as another one: %+v", d)
	}
	boots := strings.Count(c.Said().String(), " info    boot ")
	t.Logf("%d power cuts, %d boots, %d events seen waiting in flash, %d in the hub", cuts, boots, len(ledger), len(h.Events(c.ID(), "motion")))
}

// Kill -9 between the first instruction and the first heartbeat, several times before each camera gets the time to enrol. A
// secret that was lost on the way would have the hub see another camera under the same name.
func TestPowerCutsWhileEnrolling(t *testing.T) {
	t.Parallel()
	const cameras, cutsEach = 10, 6
	if testing.Short() {
		t.Skip("60 power cuts take half a minute: run without -short")
	}
	h := harness.StartHub(t, harness.ByKey)
	for range cameras {
		c := harness.NewEmulated(t, harness.Model{Hub: h.CameraURL, Key: h.Key, Scene: "empty"})
		for range cutsEach {
			runUntilCut(t, c, 50*time.Millisecond+rand.N(800*time.Millisecond))
		}
		c.Start(t)
		harness.Until(t, "the camera is online", time.Minute, func() bool { return h.Presence(c.ID()).State == "online" })
		if !c.Runs() {
			t.Error("the camera crashed")
		}
		c.Cut()
		if d := h.Device(c.ID()); string(d.Reenrolment) != "null" {
			t.Errorf("the camera came back as another one: %+v", d)
		}
	}
}

// disturb makes the camera write settings: privacy back and forth, another interval.
func disturb(h *harness.Hub, id string, cut int, locked *bool) {
	if h.Device(id).Status != "approved" {
		return
	}
	if cut%3 == 0 {
		*locked = !*locked
		h.SetPrivacy(id, *locked)
	}
	if cut%4 == 0 {
		h.Send(id, "set_config", map[string]any{"heartbeat_interval_seconds": 10 + cut})
	}
}

// runUntilCut gives the camera power for a while, in which its motion sensor sees something all the time.
func runUntilCut(t *testing.T, c *harness.EmulatedCamera, on time.Duration) {
	t.Helper()
	c.Start(t)
	power := time.NewTimer(on)
	sensor := time.NewTicker(50 * time.Millisecond)
	defer sensor.Stop()
	for {
		select {
		case <-sensor.C:
			c.Move()
		case <-power.C:
			if !c.Runs() {
				t.Fatal("QEMU ended by itself")
			}
			c.Cut()
			return
		}
	}
}

func missing(h *harness.Hub, id string, ledger map[string]bool) []string {
	known := map[string]bool{}
	for _, e := range h.Events(id, "motion") {
		known[e.ID] = true
	}
	var gone []string
	for e := range ledger {
		if !known[e] {
			gone = append(gone, e)
		}
	}
	return gone
}

// checkNothingTwice: the hub itself keeps event ids unique, so a double would be one happening under two ids.
func checkNothingTwice(t *testing.T, h *harness.Hub, id string) {
	t.Helper()
	type happening struct {
		boot string
		ms   int64
	}
	seen := map[happening]string{}
	for _, e := range h.Events(id, "motion") {
		at := happening{e.BootID, e.MonotonicMS}
		if other, ok := seen[at]; ok {
			t.Errorf("%s and %s are the same motion", other, e.ID)
		}
		seen[at] = e.ID
	}
}
