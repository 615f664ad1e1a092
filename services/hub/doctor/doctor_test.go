package doctor

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

func TestEveryRemedyIsPrintedAndOneBadFindingIsEnough(t *testing.T) {
	t.Parallel()
	look := func(f Finding) func(context.Context) Finding { return func(context.Context) Finding { return f } }
	var out bytes.Buffer
	if !Examine(t.Context(), &out, []Check{{"a", look(good("fine"))}}) {
		t.Error("all good, yet not healthy")
	}
	if Examine(t.Context(), &out, []Check{{"b", look(bad("mend it", "broken"))}, {"c", look(good("fine"))}}) {
		t.Error("one bad, yet healthy")
	}
	want := "✓ a          fine\n✗ b          broken\n             → mend it\n✓ c          fine\n"
	if got := out.String(); got != want {
		t.Errorf("printed\n%swant\n%s", got, want)
	}
}

func TestClockThatCannotBeRightIsFound(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		now, last time.Time
		good      bool
	}{
		"right":               {now, now.Add(-time.Hour), true},
		"nothing stored":      {now, time.Time{}, true},
		"1970":                {time.Unix(100, 0), time.Time{}, false},
		"behind what it knew": {now, now.Add(time.Hour), false},
		"a little set back":   {now, now.Add(time.Minute), true},
	} {
		f := Clock(tt.now, func(context.Context) (time.Time, error) { return tt.last, nil }).Look(t.Context())
		if f.Good != tt.good || f.Good == (f.Advice != "") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0 bytes", 1023: "1023 bytes", 1536: "1.5 KB", 8 << 30: "8.0 GB", 5 << 50: "5120.0 TB"} {
		if got := Bytes(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		":5000": "127.0.0.1:5000", "0.0.0.0:1": "127.0.0.1:1", "[::]:2": "127.0.0.1:2", "192.0.2.1:3": "192.0.2.1:3", "pi.local:4": "pi.local:4",
	} {
		if got := reachable(listen); got != want {
			t.Errorf("%s: %s, want %s", listen, strings.TrimSpace(got), want)
		}
	}
}
