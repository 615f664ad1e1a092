package telemetry_test

import (
	"math"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

func ptr[T any](v T) *T { return &v }

// received is when the events of these tests arrive.
var received = time.Date(2026, time.March, 1, 12, 0, 0, 250e6, time.UTC)

func unix(at time.Time) *float64 { return ptr(float64(at.UnixMilli()) / 1000) }

func TestWhen(t *testing.T) {
	t.Parallel()
	const unset, estimated, synced = telemetry.ClockUnset, telemetry.ClockEstimated, telemetry.ClockSynced
	hourAgo := received.Add(-time.Hour)
	boot := telemetry.BootClock{Start: hourAgo}
	for name, test := range map[string]struct {
		motion telemetry.Motion
		boot   telemetry.BootClock
		at     time.Time // zero: refused
		clock  telemetry.Clock
	}{
		"the story's timestamp":        {telemetry.Motion{Timestamp: unix(received.Truncate(time.Second))}, telemetry.BootClock{}, received.Truncate(time.Second), telemetry.Synced},
		"a fraction of a second":       {telemetry.Motion{Timestamp: unix(hourAgo), ClockQuality: synced}, telemetry.BootClock{}, hourAgo, telemetry.Synced},
		"a replay after a year":        {telemetry.Motion{Timestamp: unix(received.AddDate(-1, 0, 0))}, telemetry.BootClock{}, received.AddDate(-1, 0, 0), telemetry.Synced},
		"the first moment that counts": {telemetry.Motion{Timestamp: unix(telemetry.Earliest)}, telemetry.BootClock{}, telemetry.Earliest, telemetry.Synced},
		"2 minutes ahead":              {telemetry.Motion{Timestamp: unix(received.Add(2 * time.Minute))}, telemetry.BootClock{}, received.Add(2 * time.Minute), telemetry.Synced},
		"more than 2 minutes ahead":    {telemetry.Motion{Timestamp: unix(received.Add(2*time.Minute + time.Millisecond))}, telemetry.BootClock{}, received, telemetry.Corrected},
		"24 hours ahead":               {telemetry.Motion{Timestamp: unix(received.Add(24 * time.Hour))}, telemetry.BootClock{}, received, telemetry.Corrected},
		"ahead, but it can be computed": {telemetry.Motion{Timestamp: unix(received.Add(time.Hour)), BootID: "b", MonotonicMS: ptr(int64(1000)), SentMonotonicMS: ptr(int64(61_000))},
			telemetry.BootClock{}, received.Add(-time.Minute), telemetry.Computed},
		"ahead, clock unset": {telemetry.Motion{Timestamp: unix(received.Add(time.Hour)), ClockQuality: unset}, telemetry.BootClock{}, received, telemetry.Corrected},

		"age by the clock of the same boot": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(1000)), SentMonotonicMS: ptr(int64(31_000))},
			telemetry.BootClock{}, received.Add(-30 * time.Second), telemetry.Computed},
		"age wins over the start of the boot": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(1000)), SentMonotonicMS: ptr(int64(31_000))},
			boot, received.Add(-30 * time.Second), telemetry.Computed},
		"the start of the boot": {telemetry.Motion{ClockQuality: estimated, Timestamp: unix(hourAgo), BootID: "b", MonotonicMS: ptr(int64(60_000))},
			boot, hourAgo.Add(time.Minute), telemetry.Computed},
		"a timestamp of 1970 is computed too": {telemetry.Motion{Timestamp: ptr(12.0), BootID: "b", MonotonicMS: ptr(int64(60_000))},
			boot, hourAgo.Add(time.Minute), telemetry.Computed},
		"a boot that is over": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(60_000)), SentMonotonicMS: ptr(int64(3_000_000))},
			telemetry.BootClock{Start: hourAgo, Over: true}, hourAgo.Add(time.Minute), telemetry.Computed},
		"just now by the start of the boot": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(3_600_900))},
			boot, received, telemetry.Computed},
		"sent before it happened": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(5000)), SentMonotonicMS: ptr(int64(4000))},
			telemetry.BootClock{}, received, telemetry.Received},
		"far ahead by the start of the boot": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(86_400_000))},
			boot, received, telemetry.Received},
		"before 2024 by its age": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(0)), SentMonotonicMS: ptr(int64(94_608_000_000))},
			telemetry.BootClock{}, received, telemetry.Received},
		"an age beyond reason": {telemetry.Motion{ClockQuality: unset, BootID: "b", MonotonicMS: ptr(int64(0)), SentMonotonicMS: ptr(int64(1<<53 - 1))},
			telemetry.BootClock{}, received, telemetry.Received},
		"monotonic time without a boot": {telemetry.Motion{ClockQuality: unset, MonotonicMS: ptr(int64(1000)), SentMonotonicMS: ptr(int64(31_000))},
			telemetry.BootClock{}, received, telemetry.Received},

		"nothing known, clock unset":     {telemetry.Motion{ClockQuality: unset, Timestamp: ptr(12.0)}, telemetry.BootClock{}, received, telemetry.Received},
		"nothing known, clock estimated": {telemetry.Motion{ClockQuality: estimated}, telemetry.BootClock{}, received, telemetry.Received},

		"1970":                         {motion: telemetry.Motion{Timestamp: ptr(12.0)}},
		"1970 and synced":              {motion: telemetry.Motion{Timestamp: ptr(0.0), ClockQuality: synced}},
		"the last moment of 2023":      {motion: telemetry.Motion{Timestamp: unix(telemetry.Earliest.Add(-time.Millisecond))}},
		"2100":                         {motion: telemetry.Motion{Timestamp: ptr(4102444800.0)}},
		"more than 24 hours ahead":     {motion: telemetry.Motion{Timestamp: unix(received.Add(24*time.Hour + time.Millisecond))}},
		"before 1970":                  {motion: telemetry.Motion{Timestamp: ptr(-5.0)}},
		"beyond all years":             {motion: telemetry.Motion{Timestamp: ptr(math.MaxFloat64)}},
		"no time at all":               {motion: telemetry.Motion{}},
		"an unknown boot and no clock": {motion: telemetry.Motion{BootID: "b", MonotonicMS: ptr(int64(1000))}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, clock, err := test.motion.When(received, test.boot)
			if test.at.IsZero() {
				if fault.KindOf(err) != fault.Invalid || err == nil {
					t.Fatalf("dated %v (%s), %v; want a refusal", at, clock, err)
				}
				return
			}
			if err != nil || !at.Equal(test.at) || clock != test.clock {
				t.Errorf("dated %v (%s), %v; want %v (%s)", at, clock, err, test.at, test.clock)
			}
		})
	}
}

func TestNothingIsDatedByAHubWhoseClockWasNeverSet(t *testing.T) {
	t.Parallel()
	m := telemetry.Motion{Timestamp: unix(received), ClockQuality: telemetry.ClockUnset}
	_, _, err := m.When(time.Unix(1000, 0), telemetry.BootClock{})
	if fault.KindOf(err) != fault.Unavailable || fault.From(err).RetryAfter <= 0 {
		t.Errorf("error %v, want one that says to try again", err)
	}
}

// A camera must not lose an event because we did not look up its boot.
func TestNeedsBootIsTrueWhereverABootMatters(t *testing.T) {
	t.Parallel()
	boot := telemetry.BootClock{Start: received.Add(-time.Hour)}
	for _, quality := range []telemetry.ClockQuality{"", telemetry.ClockSynced, telemetry.ClockUnset, telemetry.ClockEstimated} {
		for _, timestamp := range []*float64{nil, ptr(1.0), unix(received), unix(received.Add(time.Hour)), ptr(4e9)} {
			for _, bootID := range []string{"", "b"} {
				m := telemetry.Motion{Timestamp: timestamp, ClockQuality: quality, BootID: bootID, MonotonicMS: ptr(int64(60_000))}
				withBoot, _, _ := m.When(received, boot)
				without, _, _ := m.When(received, telemetry.BootClock{})
				if !withBoot.Equal(without) && !m.NeedsBoot(received) {
					t.Errorf("quality %q, timestamp %v: the boot changes the date and is not asked for", quality, timestamp)
				}
			}
		}
	}
}
