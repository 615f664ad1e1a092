package media

import (
	"errors"
	"math"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

func TestPermit(t *testing.T) {
	t.Parallel()
	base := DeviceState{Status: StatusApproved, Epoch: 5, PrivacyGeneration: 7}
	generation := func(n int64) *int64 { return &n }
	for name, tc := range map[string]struct {
		change     func(*DeviceState)
		epoch      int64
		generation *int64
		want       fault.Kind // Internal: permitted
	}{
		"approved":                       {epoch: 5},
		"a newer epoch than is known":    {epoch: 6},
		"an older epoch":                 {epoch: 4, want: fault.Unauthenticated},
		"revoked":                        {change: func(s *DeviceState) { s.Status = StatusRevoked }, epoch: 5, want: fault.Unauthenticated},
		"deleted":                        {change: func(s *DeviceState) { s.Status = StatusDeleted }, epoch: 5, want: fault.Unauthenticated},
		"a status nobody knows":          {change: func(s *DeviceState) { s.Status = "" }, epoch: 5, want: fault.Unauthenticated},
		"locked":                         {change: func(s *DeviceState) { s.PrivacyLocked = true }, epoch: 5, want: fault.Forbidden},
		"locked, newer generation":       {change: func(s *DeviceState) { s.PrivacyLocked = true }, epoch: 5, generation: generation(8), want: fault.Forbidden},
		"revoked wins over locked":       {change: func(s *DeviceState) { s.Status, s.PrivacyLocked = StatusRevoked, true }, epoch: 5, want: fault.Unauthenticated},
		"same generation":                {epoch: 5, generation: generation(7)},
		"older generation":               {epoch: 5, generation: generation(6), want: fault.Forbidden},
		"the camera's switch was faster": {epoch: 5, generation: generation(8)},
	} {
		s := base
		if tc.change != nil {
			tc.change(&s)
		}
		err := s.permit(tc.epoch, tc.generation)
		if got := fault.KindOf(err); got != tc.want || (err == nil) != (tc.want == fault.Internal) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

func TestLimit(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy     Policy
		used, free int64
		want       int64
		ok         bool
	}{
		"no limit":                         {Policy{}, 10, 10, 0, false},
		"quota":                            {Policy{Quota: 100}, 10, 1000, 100, true},
		"quota, disk unknown":              {Policy{Quota: 100, MinFree: 50}, 10, -1, 100, true},
		"free space alone":                 {Policy{MinFree: 30}, 10, 100, 80, true},
		"free space alone, disk unknown":   {Policy{MinFree: 30}, 10, -1, 0, false},
		"the disk is smaller than quota":   {Policy{Quota: 100, MinFree: 30}, 10, 60, 40, true},
		"the disk is full of other things": {Policy{Quota: 100, MinFree: 30}, 10, 5, 0, true},
	} {
		if got, ok := tc.policy.limit(tc.used, tc.free); got != tc.want || ok != tc.ok {
			t.Errorf("%s: %d, %v; want %d, %v", name, got, ok, tc.want, tc.ok)
		}
	}
}

func TestBytesPerDay(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 8, 0, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		inflow int64
		first  time.Time
		want   float64
	}{
		"nothing":                   {0, time.Time{}, 0},
		"the first hour":            {1000, now.Add(-time.Hour), 1000},
		"two days":                  {1000, now.Add(-2 * day), 500},
		"a week":                    {7000, now.Add(-7 * day), 1000},
		"captured before it began":  {7000, now.Add(-8 * day), 1000},
		"a clock that went forward": {1000, now.Add(time.Hour), 1000},
	} {
		if got := bytesPerDay(tc.inflow, tc.first, now); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestDaysUntilFull(t *testing.T) {
	t.Parallel()
	never := math.Inf(1)
	for name, tc := range map[string]struct {
		st   Storage
		want float64
	}{
		"no limit":                       {Storage{BytesPerDay: 10}, never},
		"no inflow":                      {Storage{Limited: true, Limit: 100}, never},
		"a straight line":                {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 40}, BytesPerDay: 10}, 6},
		"full":                           {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 100}, BytesPerDay: 10}, 0},
		"over full":                      {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 150}, BytesPerDay: 10}, 0},
		"age makes room in time":         {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 40}, BytesPerDay: 10, MaxAge: 10 * day}, never},
		"age makes room too late":        {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 40}, BytesPerDay: 10, MaxAge: 11 * day}, 6},
		"what is pinned does not go":     {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 40, PinnedBytes: 20}, BytesPerDay: 10, MaxAge: 9 * day}, 6},
		"what is pinned fits beside it":  {Storage{Limited: true, Limit: 100, Usage: Usage{Bytes: 40, PinnedBytes: 20}, BytesPerDay: 10, MaxAge: 8 * day}, never},
		"a limit that a full disk gives": {Storage{Limited: true, Limit: 0, Usage: Usage{Bytes: 40}, BytesPerDay: 10}, 0},
	} {
		got := never
		if days := daysUntilFull(tc.st); days != nil {
			got = *days
		}
		if got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}

func TestSteadyClock(t *testing.T) {
	t.Parallel()
	boot := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	const year = 365 * day
	for name, readings := range map[string][]struct {
		wall      time.Duration // since boot
		monotonic time.Duration
		want      bool
	}{
		"steady":                {{0, 0, false}, {9 * time.Minute, 9 * time.Minute, false}, {10 * time.Minute, 10 * time.Minute, true}, {day, day, true}},
		"slewed":                {{0, 0, false}, {10*time.Minute + 50*time.Second, 10 * time.Minute, true}},
		"set by NTP":            {{0, 0, false}, {2 * year, time.Minute, false}, {2*year + 9*time.Minute, 10 * time.Minute, false}, {2*year + 10*time.Minute, 11 * time.Minute, true}},
		"set back":              {{0, 0, false}, {20 * time.Minute, 20 * time.Minute, true}, {-year, 21 * time.Minute, false}, {-year + 10*time.Minute, 31 * time.Minute, true}},
		"jumps again and again": {{0, 0, false}, {day, time.Minute, false}, {2 * day, 12 * time.Minute, false}, {3 * day, 30 * time.Minute, false}},
	} {
		var c steadyClock
		for i, r := range readings {
			if got := c.settled(boot.Add(r.wall), r.monotonic); got != r.want {
				t.Errorf("%s: reading %d is %v, want %v", name, i, got, r.want)
			}
		}
	}
}

func TestParseDeviceID(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"AA:BB:CC:DD:EE:0F", "aa:bb:cc:dd:ee:0f", "AA-BB-CC-DD-EE-0F", "aabbccddee0f"} {
		if got, err := ParseDeviceID(s); got != "AA:BB:CC:DD:EE:0F" || err != nil {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
	for _, s := range []string{
		"", "AA:BB:CC:DD:EE", "AA:BB:CC:DD:EE:0G", "AA:BB-CC:DD:EE:0F", "AA.BB.CC.DD.EE.0F", "AA:BB:CC:DD:EE:0F:",
		"AABBCCDDEE0", "AABBCCDDEE0FF", "A:ABB:CC:DD:EE:0F", " A:BB:CC:DD:EE:0F", "ÄA:BB:CC:DD:EE:0", "AA:BB:CC:DD:EE:\x00F",
	} {
		if got, err := ParseDeviceID(s); err == nil || fault.KindOf(err) != fault.Invalid {
			t.Errorf("%q: %q, %v; want Invalid", s, got, err)
		}
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{}); err == nil {
		t.Error("an empty configuration was accepted")
	}
	if err := (Policy{Quota: -1}).Validate(); err == nil {
		t.Error("a negative quota was accepted")
	}
	if err := DefaultPolicy().Validate(); err != nil {
		t.Error(err)
	}
	if !errors.Is(ErrNoPicture, ErrNoPicture.After(time.Second)) {
		t.Error("ErrNoPicture does not match its copy")
	}
}
