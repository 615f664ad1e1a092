// Package chaos breaks a lab in every way that a home can break it, with cameras reporting all the while, and holds the ledger to
// it after each: nothing missing, nothing double, each picture whole, each command in one final state.
package chaos

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
	"home.arpa/nestbox/integration/ledger"
)

// patience is how long the system may take to be whole again after a fault. Cameras wait up to a minute between two tries.
const patience = 3 * time.Minute

// world is a lab whose cameras reach the hub through a proxy that can be told to be bad.
type world struct {
	lab      *harness.Lab
	cameras  []camera
	fleet    *camera // many in one container; nil until powered on
	commands []harness.Command
	checked  map[string]string // picture id to the SHA-256 of the bytes that the hub gave
	ignored  map[string]bool   // events of which a broken build has made a mess
	rows     []ledger.Row
}

// camera is a container with a camera, its console and its id.
type camera struct {
	harness.Container
	said *harness.Transcript
	id   string
}

// startWorld starts a lab by the name, with cameras that report.
func startWorld(t *testing.T, name string) *world {
	t.Helper()
	w := &world{
		lab:     harness.StartLab(t, harness.LabOptions{Name: name, Overlays: []string{"compose.chaos.yaml"}, Off: []string{"fleet"}}),
		checked: make(map[string]string), ignored: make(map[string]bool),
	}
	start := time.Now()
	w.lab.ScaleCameras(t, camerasReporting)
	for _, c := range w.lab.Containers(t, "camera") {
		w.cameras = append(w.cameras, camera{c, c.Follow(t), c.CameraID(t)})
	}
	w.awaitOnline(t, start)
	t.Logf("%d cameras online after %v", camerasReporting, time.Since(start).Round(100*time.Millisecond))
	w.beatOften(t)
	return w
}

// beatOften has each camera beat every 10 s, the shortest interval, so that a minute's patience sees some beats.
func (w *world) beatOften(t *testing.T) {
	t.Helper()
	const often = 10
	hub := w.lab.As(t)
	for _, c := range w.cameras {
		w.commands = append(w.commands, hub.Send(c.id, "set_config", map[string]any{"heartbeat_interval_seconds": often}))
	}
	w.settleCommands(t)
}

// awaitOnline waits until every camera has beaten since then.
func (w *world) awaitOnline(t *testing.T, since time.Time) {
	t.Helper()
	want := len(w.cameras)
	if w.fleet != nil {
		want += fleetSize
	}
	hub := w.lab.As(t)
	harness.Until(t, fmt.Sprintf("%d cameras are online", want), patience, func() bool { return hub.Online(since) == want })
}

// said reads all consoles.
func (w *world) said() (s ledger.Said) {
	for _, c := range w.cameras {
		s.Read(string(c.Container), c.said.String())
	}
	if w.fleet != nil {
		s.Read(string(w.fleet.Container), w.fleet.said.String())
	}
	return s
}

// held asks the hub for everything; the bytes of each picture once.
func (w *world) held(t *testing.T) (h ledger.Held) {
	t.Helper()
	hub := w.lab.As(t)
	for _, e := range hub.Events("", "motion") {
		h.Events = append(h.Events, ledger.Event{ID: e.ID, Moment: fmt.Sprint(e.BootID, " ", e.MonotonicMS)})
	}
	for _, p := range hub.Pictures("") {
		if w.checked[p.ID] == "" {
			sum := sha256.Sum256(hub.ImageAsSent(p))
			w.checked[p.ID] = hex.EncodeToString(sum[:])
		}
		kept := ledger.HeldPicture{ID: p.ID, BytesSHA2: w.checked[p.ID], Picture: ledger.Picture{SHA256: p.SHA256}}
		if p.EventID != nil {
			kept.EventID = *p.EventID
		}
		h.Pictures = append(h.Pictures, kept)
	}
	return h
}

// balance compares what was said by now with what the hub has a moment later. What is queued in between is in neither: an event
// counts as unknown only if the consoles have not said it when everything has been read.
func (w *world) balance(t *testing.T) (ledger.Balance, ledger.Said) {
	t.Helper()
	before := w.said()
	held := w.held(t)
	after := w.said()
	queued := make(map[string]bool, len(after.Events))
	for _, e := range after.Events {
		queued[e.ID] = true
	}
	known := make(map[string]bool, len(before.Events))
	for _, e := range before.Events {
		known[e.ID] = true
	}
	held.Pictures = slices.DeleteFunc(held.Pictures, func(p ledger.HeldPicture) bool { return w.ignored[p.EventID] })
	events := held.Events[:0]
	for _, e := range held.Events {
		// Queued while we read: not yet promised when we began.
		if !w.ignored[e.ID] && (known[e.ID] || !queued[e.ID]) {
			events = append(events, e)
		}
	}
	held.Events = events
	return ledger.Compare(w.without(before), held), after
}

// without leaves out what a broken build has spoilt.
func (w *world) without(s ledger.Said) ledger.Said {
	kept := ledger.Said{Camera: s.Camera}
	for _, e := range s.Events {
		if !w.ignored[e.ID] {
			kept.Events = append(kept.Events, e)
		}
	}
	for _, p := range s.Pictures {
		if !w.ignored[p.EventID] {
			kept.Pictures = append(kept.Pictures, p)
		}
	}
	return kept
}

// settle waits until the ledger is clean and gives the balance, clean or not, when the patience has ended.
func (w *world) settle(t *testing.T, patience time.Duration) (ledger.Balance, ledger.Said) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		b, said := w.balance(t)
		if b.Clean() || time.Now().After(deadline) {
			return b, said
		}
		pause(t, time.Second)
	}
}

// ignore leaves what was found out of every balance from now on.
func (w *world) ignore(b ledger.Balance) {
	for _, f := range b.Findings {
		if f.EventID != "" {
			w.ignored[f.EventID] = true
		}
	}
}

// send gives every third camera something to do.
func (w *world) send(t *testing.T) {
	t.Helper()
	hub := w.lab.As(t)
	for i, c := range w.cameras {
		if i%3 == 0 {
			kind := []string{"identify", "capture"}[len(w.commands)%2]
			w.commands = append(w.commands, hub.Send(c.id, kind, nil))
		}
	}
}

// settleCommands waits until every command so far is in a final state.
func (w *world) settleCommands(t *testing.T) {
	t.Helper()
	hub := w.lab.As(t)
	for i, c := range w.commands {
		if !final(c) {
			w.commands[i] = hub.AwaitEnd(c)
		}
	}
}

func final(c harness.Command) bool {
	return c.State != "" && c.State != "queued" && c.State != "delivered"
}

// tell prints the story of what was not kept: the camera's console, and what the services logged of it.
func (w *world) tell(t *testing.T, b ledger.Balance, said ledger.Said) {
	t.Helper()
	const most = 3
	for i, f := range b.Findings {
		t.Errorf("%s: %s %s", f.Kind, f.EventID, f.Detail)
		if i >= most {
			continue
		}
		at := slices.IndexFunc(w.cameras, func(c camera) bool { return string(c.Container) == said.Camera[f.EventID] })
		if at < 0 {
			continue
		}
		camera := w.cameras[at]
		t.Logf("the last that %s said:\n%s", camera.Container, camera.said.Tail())
		w.lab.Tell(t, f.EventID, traceID(f.EventID), camera.id)
	}
}

// traceID is of the trace that the camera begins with the event: its boot id and its number.
func traceID(eventID string) string {
	boot, number, _ := strings.Cut(eventID, "-")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s01000000%08x", boot, n)
}

// pause lets a fault last. It is the fault's length and not a wait for something.
func pause(t *testing.T, length time.Duration) {
	t.Helper()
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-t.Context().Done():
	}
}
