package emulated

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var eventLine = regexp.MustCompile(`(?m)^event (\S+) `)

// powerCuts is how often; NESTBOX_POWER_CUTS says otherwise.
func powerCuts(t *testing.T) int {
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
	cuts := powerCuts(t)
	h := startHub(t)
	g := startGate(t, h)
	id := "24:6F:28:00:C0:01"
	image := filepath.Join(t.TempDir(), "flash.img")
	scene := testScene(t, "busy")
	if err := (Image{ID: id, Scene: scene, Hub: g.address, Key: key}).Write(t.Context(), image); err != nil {
		t.Fatal(err)
	}
	ledger := map[string]bool{}
	locked := false
	for cut := range cuts {
		g.shut.Store(cut%10 > 5) // so that events wait for more than one boot
		disturb(h, id, cut, &locked)
		said := runUntilCut(t, image, 300*time.Millisecond+rand.N(1200*time.Millisecond))
		if strings.Contains(said, "panic") || strings.Contains(said, "assert") {
			t.Fatalf("cut %d:\n%s", cut, said)
		}
		shown, err := Show(t.Context(), image)
		if err != nil {
			t.Fatalf("cut %d: %v, the camera said:\n%s", cut, err, said)
		}
		if !strings.Contains(shown, "id "+id+"\n") {
			t.Fatalf("cut %d: no identity in\n%s", cut, shown)
		}
		for _, m := range eventLine.FindAllStringSubmatch(shown, -1) {
			ledger[m[1]] = true
		}
	}

	g.shut.Store(false)
	var said Transcript
	camera, err := Start(image, &said)
	if err != nil {
		t.Fatal(err)
	}
	defer camera.Cut()
	until(t, "every event that was in the queue is in the hub", 2*time.Minute, func() bool {
		return len(missing(h, id, ledger)) == 0
	})
	until(t, "the privacy that the hub wants is acknowledged", time.Minute, func() bool {
		d := h.devices()[0]
		return d.Privacy.AcknowledgedGeneration == d.Privacy.Generation
	})
	checkNothingTwice(t, h, id)
	devices := h.devices()
	if len(devices) != 1 || devices[0].Status != "approved" || string(devices[0].Reenrolment) != "null" {
		t.Errorf("the camera came back as another one: %+v", devices)
	}
	t.Logf("%d power cuts, %d events seen waiting in flash, %d in the hub", cuts, len(ledger), len(h.motions(id)))
}

// disturb makes the camera write settings: privacy back and forth, another interval.
func disturb(h *hub, id string, cut int, locked *bool) {
	if cut < 5 { // until it has enrolled
		return
	}
	path := "/api/devices/" + url.PathEscape(id)
	if cut%3 == 0 {
		*locked = !*locked
		h.do(http.MethodPut, path+"/privacy", map[string]any{"locked": *locked}, nil)
	}
	if cut%4 == 0 {
		h.do(http.MethodPost, "/api/commands", map[string]any{
			"device_id": id, "kind": "set_config",
			"parameters": map[string]any{"heartbeat_interval_seconds": 10 + cut},
		}, nil)
	}
}

// runUntilCut gives what the camera said until the power went, while its motion sensor sees something all the time.
func runUntilCut(t *testing.T, image string, on time.Duration) string {
	t.Helper()
	var said Transcript
	camera, err := Start(image, &said)
	if err != nil {
		t.Fatal(err)
	}
	power := time.NewTimer(on)
	sensor := time.NewTicker(50 * time.Millisecond)
	defer sensor.Stop()
	for {
		select {
		case <-sensor.C:
			_ = camera.Type(Motion)
		case <-power.C:
			camera.Cut()
			return said.String()
		case <-camera.Done():
			t.Fatalf("QEMU ended by itself:\n%s", said.String())
		}
	}
}

func missing(h *hub, id string, ledger map[string]bool) []string {
	known := map[string]bool{}
	for _, e := range h.motions(id) {
		known[e.EventID] = true
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
func checkNothingTwice(t *testing.T, h *hub, id string) {
	t.Helper()
	type happening struct {
		boot string
		ms   int64
	}
	seen := map[happening]string{}
	for _, e := range h.motions(id) {
		at := happening{e.BootID, e.MonotonicMS}
		if other, ok := seen[at]; ok {
			t.Errorf("%s and %s are the same motion", other, e.EventID)
		}
		seen[at] = e.EventID
	}
}
