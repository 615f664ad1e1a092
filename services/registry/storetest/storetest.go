// Package storetest holds what every registry.Store must do. Each adapter runs
// Exercise on its real database; whoever writes a new adapter starts here.
package storetest

import (
	"context"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

// Exercise runs the suite. open returns an empty store for one test; several
// are in use at the same time.
func Exercise(t *testing.T, open func(t *testing.T) registry.Store) {
	for name, check := range map[string]func(*testing.T, registry.Store){
		"a device comes back as it was saved":          deviceRoundTrip,
		"a request comes back as it was saved":         requestRoundTrip,
		"a command comes back as it was saved":         commandRoundTrip,
		"a failed decision saves nothing":              failedDecision,
		"a change is saved whole or not at all":        atomicChange,
		"updates of one device take turns":             updatesTakeTurns,
		"two first registrations make one device":      firstRegistrations,
		"standings join requests to devices":           standings,
		"the published state counts open commands":     deviceStates,
		"a poll tells whether a command is due":        poll,
		"commands are listed by page and filter":       commandPages,
		"a command expires once among many sweepers":   expireOnce,
		"a sweep does not wait for a device":           sweepBesideUpdate,
		"a finished command never changes":             finishedForever,
		"result, cancelling and deadline: one of them": oneFinalState,
		"an operator is created once":                  operatorOnce,
		"a password change ends the other sessions":    passwordChange,
		"credentials come and go with their record":    credentials,
		"the record of changes is paged":               entryPages,
		"purging leaves what is alive":                 purge,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, open(t))
		})
	}
}

// now is a fixed moment with milliseconds, as the service stores them.
var now = time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)

const (
	front = "24:6F:28:AA:BB:01"
	back  = "24:6F:28:AA:BB:02"
)

func secretHash(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

func device(id string) registry.Device {
	return registry.Device{
		ID: id, Name: "Front door", Type: "esp32cam", FirmwareVersion: "1.0.0", IPAddress: "192.168.1.50",
		Capabilities: []string{"camera", "motion_detection"}, Status: registry.StatusApproved, SecretHash: secretHash(id),
		Epoch: 1, HeartbeatInterval: 30 * time.Second,
		Privacy: registry.Privacy{
			Locked: true, Generation: 3, ChangedAt: now, ChangedBy: "admin",
			AcknowledgedGeneration: 2, AcknowledgedAt: now.Add(-time.Hour),
		},
		EnrolledAt: now, LastRegisteredAt: now.Add(time.Minute), CreatedAt: now.Add(-time.Minute),
	}
}

func command(deviceID string) registry.Command {
	return registry.Command{
		ID: registry.NewID(), DeviceID: deviceID, Kind: registry.KindSetConfig,
		Parameters: []byte(`{"motion_threshold":12.5,"frame_size":"svga"}`), State: registry.StateQueued,
		CreatedAt: now, CreatedBy: "admin", ExpiresAt: now.Add(10 * time.Minute),
	}
}

func request(deviceID, secret string) registry.Request {
	return registry.Request{
		ID: registry.NewID(), DeviceID: deviceID, SecretHash: secretHash(secret), Type: "esp32cam", FirmwareVersion: "2",
		Capabilities: []string{"camera"}, ReportedIPAddress: "10.0.0.7", IPAddress: "10.0.0.8",
		RequestedAt: now, LastAskedAt: now.Add(time.Second),
	}
}

func entry(action, subject string) registry.Entry {
	return registry.Entry{
		ID: registry.NewID(), At: now, Actor: "admin", CredentialID: "c", Action: action, Subject: subject,
		Detail: map[string]any{"locked": true, "name": "Gate ☂", "nested": map[string]any{"a": "b"}},
	}
}

// put saves a change without asking.
func put(t *testing.T, s registry.Store, id string, ch registry.Change) {
	t.Helper()
	if err := s.Update(t.Context(), id, func(registry.Standing) (registry.Change, error) { return ch, nil }); err != nil {
		t.Fatalf("update %s: %v", id, err)
	}
}

// look returns what Update shows.
func look(t *testing.T, s registry.Store, id string) (st registry.Standing) {
	t.Helper()
	err := s.Update(t.Context(), id, func(seen registry.Standing) (registry.Change, error) {
		st = seen
		return registry.Change{}, nil
	})
	must(t, err)
	return st
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, k fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != k {
		t.Fatalf("error is %v, want one of kind %v", err, k)
	}
}

var errDecided = errors.New("decided against it")

// each returns the ids of a list.
func each[T any](list []T, id func(T) string) []string {
	ids := make([]string, 0, len(list))
	for _, v := range list {
		ids = append(ids, id(v))
	}
	return ids
}

func commandID(c registry.Command) string { return c.ID }
func entryID(e registry.Entry) string     { return e.ID }

// atOnce runs n functions at the same moment and waits for all.
func atOnce(ctx context.Context, n int, f func(ctx context.Context, i int)) {
	start, done := make(chan struct{}), make(chan struct{})
	for i := range n {
		go func() {
			<-start
			f(ctx, i)
			done <- struct{}{}
		}()
	}
	close(start)
	for range n {
		<-done
	}
}
