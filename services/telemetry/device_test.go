package telemetry_test

import (
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

func TestParseDeviceID(t *testing.T) {
	t.Parallel()
	const want = "AA:BB:0C:DD:EE:9F"
	for _, s := range []string{want, "aa:bb:0c:dd:ee:9f", "AA-BB-0C-DD-EE-9F", "aA-bB-0c-dD-Ee-9f", "AABB0CDDEE9F", "aabb0cddee9f"} {
		if got, err := telemetry.ParseDeviceID(s); got != want || err != nil {
			t.Errorf("%q gives %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "AA", "AA:BB:0C:DD:EE", "AA:BB:0C:DD:EE:9G", "AA:BB:0C:DD:EE:9F:", "AA:BB-0C:DD:EE:9F", "AA.BB.0C.DD.EE.9F",
		"AABB:0CDD:EE9F", "AAB:B0:CD:DE:E9F:", ":AA:BB:0C:DD:EE:9", "../../etc/passwd", " AABB0CDDEE9F", "ＡＡBB0CDDEE9F",
		"AA:BB:0C:DD:EE:\x009", strings.Repeat("A", 10_000),
	} {
		if got, err := telemetry.ParseDeviceID(s); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%q gives %q, %v", s, got, err)
		}
	}
}

func TestACanonicalIDCostsNothing(t *testing.T) {
	id := strings.Clone("AA:BB:0C:DD:EE:9F")
	if n := testing.AllocsPerRun(100, func() { _, _ = telemetry.ParseDeviceID(id) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestAdmit(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		state telemetry.DeviceState
		epoch int64
		ok    bool
	}{
		"unknown":             {telemetry.DeviceState{}, 1, true},
		"approved":            {telemetry.DeviceState{Known: true, Status: telemetry.Approved, Epoch: 3}, 3, true},
		"newer than the copy": {telemetry.DeviceState{Known: true, Status: telemetry.Approved, Epoch: 3}, 4, true},
		"older epoch":         {telemetry.DeviceState{Known: true, Status: telemetry.Approved, Epoch: 3}, 2, false},
		"revoked":             {telemetry.DeviceState{Known: true, Status: telemetry.Revoked, Epoch: 3}, 3, false},
		"deleted":             {telemetry.DeviceState{Known: true, Status: telemetry.Deleted, Epoch: 3}, 9, false},
	} {
		if err := test.state.Admit(test.epoch); (err == nil) != test.ok || (!test.ok && fault.KindOf(err) != fault.Unauthenticated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	for given, want := range map[time.Duration]time.Duration{
		0: time.Minute, -time.Second: time.Minute, time.Millisecond: time.Second, 10 * time.Second: 10 * time.Second, 48 * time.Hour: time.Hour,
	} {
		if got := (telemetry.DeviceState{HeartbeatInterval: given}).Interval(); got != want {
			t.Errorf("interval %v becomes %v, want %v", given, got, want)
		}
	}
}

func TestACallerSpeaksForItselfOnly(t *testing.T) {
	t.Parallel()
	by := telemetry.Caller{DeviceID: "AA:BB:CC:DD:EE:FF"}
	for id, want := range map[string]fault.Kind{
		"": fault.Internal, "AA:BB:CC:DD:EE:FF": fault.Internal, "aabbccddeeff": fault.Internal,
		"AA:BB:CC:DD:EE:00": fault.Forbidden, "camera": fault.Invalid,
	} {
		err := by.SpeaksFor(id)
		if fault.KindOf(err) != want || (err == nil) != (want == fault.Internal) {
			t.Errorf("%q: %v", id, err)
		}
	}
}
