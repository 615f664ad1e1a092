package telemetry_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

func TestTooClose(t *testing.T) {
	t.Parallel()
	at := func(ms int64) *telemetry.Event {
		return &telemetry.Event{OccurredAt: received.Add(time.Duration(ms) * time.Millisecond)}
	}
	inBoot := func(boot string, mono, ms int64) *telemetry.Event {
		e := at(ms)
		e.BootID, e.MonotonicMS = boot, &mono
		return e
	}
	bootOnly := func(boot string, ms int64) *telemetry.Event {
		e := at(ms)
		e.BootID = boot
		return e
	}
	for name, test := range map[string]struct {
		a, b *telemetry.Event
		want bool
	}{
		"wall clocks, 4.999 s":                      {at(0), at(4999), true},
		"wall clocks, 5 s":                          {at(0), at(5000), false},
		"one boot, 4.999 s, an hour by wall clock":  {inBoot("b", 0, 0), inBoot("b", 4999, 3_600_000), true},
		"one boot, 5 s, the same wall clock":        {inBoot("b", 0, 0), inBoot("b", 5000, 0), false},
		"two boots at the same time":                {inBoot("b", 0, 0), inBoot("c", 0, 0), false},
		"one has no boot, 4.999 s":                  {at(0), inBoot("b", 900_000, 4999), true},
		"one has no boot, 5 s":                      {at(0), inBoot("b", 0, 5000), false},
		"one has a boot without its clock, 4.999 s": {bootOnly("b", 0), inBoot("c", 900_000, 4999), true},
		"both have a boot without its clock":        {bootOnly("b", 0), bootOnly("c", 10), true},
	} {
		if got := telemetry.TooClose(test.a, test.b); got != test.want {
			t.Errorf("%s: %v", name, got)
		}
		if got := telemetry.TooClose(test.b, test.a); got != test.want {
			t.Errorf("%s, the other way round: %v", name, got)
		}
	}
}

func TestMotionValidate(t *testing.T) {
	t.Parallel()
	valid := func(change func(m *telemetry.Motion)) telemetry.Motion {
		m := telemetry.Motion{Score: ptr(42.0)}
		change(&m)
		return m
	}
	for name, m := range map[string]telemetry.Motion{
		"the least":     valid(func(*telemetry.Motion) {}),
		"score 0":       valid(func(m *telemetry.Motion) { m.Score = ptr(0.0) }),
		"score 100":     valid(func(m *telemetry.Motion) { m.Score = ptr(100.0) }),
		"64 characters": valid(func(m *telemetry.Motion) { m.EventID = strings.Repeat("a", 64); m.BootID = "A-Z_09" }),
		"everything": valid(func(m *telemetry.Motion) {
			m.MonotonicMS, m.SentMonotonicMS, m.PrivacyGeneration = ptr(int64(0)), ptr(int64(1)), ptr(int64(2))
		}),
		"no clock":          valid(func(m *telemetry.Motion) { m.ClockQuality = telemetry.ClockUnset }),
		"an estimated time": valid(func(m *telemetry.Motion) { m.ClockQuality = telemetry.ClockEstimated }),
	} {
		if err := m.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for field, m := range map[string]telemetry.Motion{
		"motion_score is missing": {},
		"motion_score must":       valid(func(m *telemetry.Motion) { m.Score = ptr(100.001) }),
		"motion_score":            valid(func(m *telemetry.Motion) { m.Score = ptr(-0.1) }),
		"motion_score ":           valid(func(m *telemetry.Motion) { m.Score = ptr(math.NaN()) }),
		"event_id":                valid(func(m *telemetry.Motion) { m.EventID = strings.Repeat("a", 65) }),
		"event_id must":           valid(func(m *telemetry.Motion) { m.EventID = "../x" }),
		"boot_id":                 valid(func(m *telemetry.Motion) { m.BootID = "ü" }),
		"monotonic_ms":            valid(func(m *telemetry.Motion) { m.MonotonicMS = ptr(int64(-1)) }),
		"sent_monotonic_ms":       valid(func(m *telemetry.Motion) { m.SentMonotonicMS = ptr(int64(1 << 53)) }),
		"privacy_generation":      valid(func(m *telemetry.Motion) { m.PrivacyGeneration = ptr(int64(-1)) }),
		"clock_quality":           valid(func(m *telemetry.Motion) { m.ClockQuality = "good" }),
	} {
		if err := m.Validate(); fault.KindOf(err) != fault.Invalid || err == nil || !strings.Contains(err.Error(), strings.TrimSpace(field)) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestReadingValidate(t *testing.T) {
	t.Parallel()
	empty := telemetry.Reading{}
	if err := empty.Validate(); err != nil {
		t.Errorf("an empty reading: %v", err)
	}
	for field, r := range map[string]telemetry.Reading{
		"uptime":             {UptimeSeconds: ptr(int64(-1))},
		"free_heap":          {FreeHeapBytes: ptr(int64(1 << 53))},
		"rssi":               {RSSI: ptr(int64(-129))},
		"boot_id":            {BootID: "a b"},
		"monotonic_ms":       {MonotonicMS: ptr(int64(-1))},
		"clock_quality":      {ClockQuality: "good"},
		"largest_free_block": {LargestFreeBlockBytes: ptr(int64(-1))},
		"reset_reason":       {ResetReason: strings.Repeat("x", 33)},
		"reset_reason must":  {ResetReason: "line\nbreak"},
		"brownout_count":     {BrownoutCount: ptr(int64(-1))},
		"queue_depth":        {QueueDepth: ptr(int64(-1))},
		"events_dropped":     {EventsDropped: ptr(int64(-1))},
		"sleep_seconds":      {SleepSeconds: ptr(int64(604801))},
		"privacy_generation": {PrivacyGeneration: ptr(int64(-1))},
	} {
		if err := r.Validate(); fault.KindOf(err) != fault.Invalid || err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
}

func TestABeatSurvivesItsStoredForm(t *testing.T) {
	t.Parallel()
	full := telemetry.Beat{
		DeviceID: "AA:BB:CC:DD:EE:FF", ReceivedAt: received, Interval: 90 * time.Second,
		Reading: telemetry.Reading{
			UptimeSeconds: ptr(int64(1)), FreeHeapBytes: ptr(int64(2)), RSSI: ptr(int64(-3)), CameraEnabled: ptr(false),
			BootID: "b-1", MonotonicMS: ptr(int64(4)), ClockQuality: telemetry.ClockUnset, LargestFreeBlockBytes: ptr(int64(5)),
			ResetReason: `a "quoted" \ reason~`, BrownoutCount: ptr(int64(6)), QueueDepth: ptr(int64(7)), EventsDropped: ptr(int64(8)),
			SleepSeconds: ptr(int64(9)), PrivacyGeneration: ptr(int64(10)),
		},
	}
	for _, b := range []telemetry.Beat{full, {DeviceID: full.DeviceID, ReceivedAt: received, Interval: time.Minute}} {
		got, err := telemetry.ParseBeat(b.DeviceID, b.Stored())
		if err != nil {
			t.Fatalf("%s: %v", b.Stored(), err)
		}
		if string(got.Stored()) != string(b.Stored()) || !got.ReceivedAt.Equal(b.ReceivedAt) || got.Interval != b.Interval || got.Reading.ResetReason != b.Reading.ResetReason {
			t.Errorf("%s came back as %s", b.Stored(), got.Stored())
		}
	}
	if _, err := telemetry.ParseBeat(full.DeviceID, []byte("{")); err == nil {
		t.Error("half an object was read")
	}
}
