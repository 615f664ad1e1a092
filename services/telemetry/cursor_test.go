package telemetry_test

import (
	"strings"
	"testing"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

func TestCursor(t *testing.T) {
	t.Parallel()
	c := telemetry.CursorOf(&telemetry.Event{ID: "019b76da-a800-7c31-b9a4-0d2a4c1e9b10", OccurredAt: received})
	got, err := telemetry.ParseCursor(c.String())
	if err != nil || got != c || !got.OccurredAt().Equal(received) || got.IsZero() {
		t.Errorf("%q gives %+v, %v; want %+v", c.String(), got, err, c)
	}
	if zero, err := telemetry.ParseCursor(""); err != nil || !zero.IsZero() || zero.String() != "" {
		t.Errorf("no cursor gives %+v, %v", zero, err)
	}
	for _, s := range []string{"x", c.String()[1:], c.String() + "A", strings.Repeat("_", 32), strings.Repeat("A", 10_000), c.String() + "=", "' OR 1=1 --"} {
		if got, err := telemetry.ParseCursor(s); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%q gives %+v, %v", s, got, err)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add("")
	f.Add("AAABm3baqAABm3baqAB8MbmkDSpMHpsQ")
	f.Add("_____________________________w==")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := telemetry.ParseCursor(s)
		if err != nil {
			if fault.KindOf(err) != fault.Invalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if c.String() != s {
			t.Fatalf("%q was accepted and is written %q", s, c.String())
		}
		if at := c.OccurredAt(); at.Year() > 9999 || at.Year() < 1970 {
			t.Fatalf("%q is at %v", s, at)
		}
	})
}

func FuzzParseDeviceID(f *testing.F) {
	f.Add("AA:BB:CC:DD:EE:FF")
	f.Add("aabbccddeeff")
	f.Add("aa-bb-cc-dd-ee-ff")
	f.Fuzz(func(t *testing.T, s string) {
		id, err := telemetry.ParseDeviceID(s)
		if err != nil {
			return
		}
		if again, err := telemetry.ParseDeviceID(id); err != nil || again != id || len(id) != 17 {
			t.Fatalf("%q gives %q, which gives %q, %v", s, id, again, err)
		}
	})
}
