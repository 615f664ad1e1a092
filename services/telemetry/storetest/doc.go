// Package storetest states what every store of telemetry must do. The tests of
// each adapter call Exercise… with a function that makes an empty store; the
// suites run on the real thing: a SQLite file, a Postgres, a Redis.
package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

// Three devices that never meet.
const (
	deviceA = "AA:BB:CC:00:00:01"
	deviceB = "AA:BB:CC:00:00:02"
	deviceC = "AA:BB:CC:00:00:03"
)

// base is some moment; the suites count from it.
var base = time.Date(2026, time.March, 1, 12, 0, 0, int(345*time.Millisecond), time.UTC)

func ptr[T any](v T) *T { return &v }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if fault.KindOf(err) != kind || err == nil {
		t.Fatalf("error %v, want one of kind %v", err, kind)
	}
}

// equalEvents compares what stores must keep; times by instant.
func equalEvents(a, b *telemetry.Event) error {
	if a.ID != b.ID || a.DeviceID != b.DeviceID || a.EventID != b.EventID || a.Kind != b.Kind ||
		a.Clock != b.Clock || a.BootID != b.BootID || fmt.Sprint(a.Detail) != fmt.Sprint(b.Detail) {
		return fmt.Errorf("event %+v, want %+v", a, b)
	}
	if !a.OccurredAt.Equal(b.OccurredAt) || !a.ReceivedAt.Equal(b.ReceivedAt) {
		return fmt.Errorf("event at %v and %v, want %v and %v", a.OccurredAt, a.ReceivedAt, b.OccurredAt, b.ReceivedAt)
	}
	return errors.Join(
		equalPointers("monotonic_ms", a.MonotonicMS, b.MonotonicMS),
		equalPointers("motion_score", a.MotionScore, b.MotionScore),
		equalPointers("camera_enabled", a.CameraEnabled, b.CameraEnabled))
}

func equalPointers[T comparable](what string, a, b *T) error {
	if (a == nil) != (b == nil) || (a != nil && *a != *b) {
		return fmt.Errorf("%s is %v, want %v", what, a, b)
	}
	return nil
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// motion returns an event of the wall clock alone.
func motion(deviceID string, at time.Time) *telemetry.Event {
	id := newID()
	return &telemetry.Event{
		ID: id, DeviceID: deviceID, EventID: id, Kind: telemetry.KindMotion, Clock: telemetry.Synced,
		OccurredAt: at, ReceivedAt: at.Add(80 * time.Millisecond), MotionScore: ptr(12.5),
	}
}

// bootMotion returns an event with a monotonic clock.
func bootMotion(deviceID string, at time.Time, bootID string, monotonicMS int64) *telemetry.Event {
	e := motion(deviceID, at)
	e.BootID, e.MonotonicMS = bootID, &monotonicMS
	return e
}

// beat returns a beat of a device that counts its lost events.
func beat(deviceID string, at time.Time) telemetry.Beat {
	return telemetry.Beat{
		DeviceID: deviceID, ReceivedAt: at, Interval: time.Minute,
		Reading: telemetry.Reading{
			UptimeSeconds: ptr(int64(3600)), FreeHeapBytes: ptr(int64(142336)), RSSI: ptr(int64(-61)),
			CameraEnabled: ptr(true), BootID: "boot-1", MonotonicMS: ptr(int64(3_600_412)),
			ClockQuality: telemetry.ClockSynced, ResetReason: `power "on\off`, EventsDropped: ptr(int64(3)),
			SleepSeconds: ptr(int64(120)),
		},
	}
}
