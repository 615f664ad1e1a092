package registry

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

func TestParseDeviceID(t *testing.T) {
	t.Parallel()
	const canonical = "24:6F:28:AA:BB:0C"
	for _, s := range []string{canonical, "24:6f:28:aa:bb:0c", "24-6F-28-AA-BB-0C", "246F28AABB0C", "246f28aaBB0c"} {
		if got, err := ParseDeviceID(s); err != nil || got != canonical {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", " ", "24:6F:28:AA:BB", canonical + ":", canonical + "0", " " + canonical, canonical + "\x00", "24:6F:28:AA:BB:0G", "24:6F-28:AA:BB:0C",
		"24:6F28AA:BB:0C:", "246:F2:8A:AB:B0:C", "24:::::::::::::::0", ":::::::::::::::::", "24.6F.28.AA.BB.0C", "246F.28AA.BB0C",
		"２4:6F:28:AA:BB:0C", "24::6F28:AA:BB:0C", strings.Repeat("A", 10_000), "24:6F:28:AA:BB0:C", "-4:6F:28:AA:BB:0C",
	} {
		if got, err := ParseDeviceID(s); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%.40q: %q, %v, want fault.Invalid", s, got, err)
		}
	}
}

func FuzzParseDeviceID(f *testing.F) {
	for _, s := range []string{"24:6F:28:AA:BB:0C", "24-6f-28-aa-bb-0c", "246F28AABB0C", "", "\xff", "24:6F-28:AA:BB:0C"} {
		f.Add(s)
	}
	canonical := regexp.MustCompile(`^[0-9A-F]{2}(:[0-9A-F]{2}){5}$`)
	f.Fuzz(func(t *testing.T, s string) {
		id, err := ParseDeviceID(s)
		if err != nil {
			if id != "" || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%q: %q with %v", s, id, err)
			}
			return
		}
		if !canonical.MatchString(id) {
			t.Errorf("%q gave %q", s, id)
		}
		if again, err := ParseDeviceID(id); err != nil || again != id {
			t.Errorf("%q gave %q, which gives %q (%v)", s, id, again, err)
		}
	})
}

func TestDevicePatch(t *testing.T) {
	t.Parallel()
	name := func(s string) DevicePatch { return DevicePatch{Name: &s} }
	every := func(d time.Duration) DevicePatch { return DevicePatch{HeartbeatInterval: &d} }
	for _, c := range []struct {
		patch DevicePatch
		ok    bool
	}{
		{DevicePatch{}, false},
		{name(""), true}, {name("Gate ☂ größer"), true}, {name(strings.Repeat("ü", 64)), true}, {name(strings.Repeat("ü", 65)), false},
		{name(" Gate"), false}, {name("a\nb"), false}, {name("a\x00"), false}, {name("\xff"), false}, {name("a\u202eb"), false},
		{every(0), true}, {every(10 * time.Second), true}, {every(time.Hour), true}, {every(9 * time.Second), false},
		{every(time.Hour + time.Second), false}, {every(-time.Second), false}, {every(10500 * time.Millisecond), false},
	} {
		if err := c.patch.Validate(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.patch, err)
		}
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 1, 12, 0, 0, 123e6, time.UTC)
	got := StateOf(Device{
		ID: "x", Epoch: 3, Status: StatusRevoked, Privacy: Privacy{Locked: true, Generation: 7}, HeartbeatInterval: 30 * time.Second, DeletedAt: at,
	}, 2)
	want := DeviceState{
		DeviceID: "x", Epoch: 3, Status: StatusRevoked, PrivacyLocked: true, PrivacyGeneration: 7, PendingCommands: 2,
		HeartbeatIntervalSeconds: 30, DeletedAtMs: at.UnixMilli(),
	}
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}
