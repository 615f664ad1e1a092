package storetest

import (
	"maps"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/telemetry"
)

// Beats is a beat store under test with the registry's side of it.
type Beats struct {
	telemetry.BeatStore
	// SetState publishes a state of a device.
	SetState func(deviceID string, state telemetry.DeviceState)
}

// ExerciseBeats holds a telemetry.BeatStore to its contract. newStore returns an
// empty one.
func ExerciseBeats(t *testing.T, newStore func(t *testing.T) Beats) {
	for name, exercise := range map[string]func(*testing.T, Beats){
		"an unknown device is let in":                letsIn,
		"a state is returned as it was set":          returnsState,
		"a refused beat leaves no trace":             refuses,
		"a beat is kept whole":                       keepsBeat,
		"a beat expires by the device's interval":    expires,
		"every beat moves the mark":                  marks,
		"a device is forgotten unless it beat since": forgets,
		"nothing is asked of no devices":             asksNothing,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			exercise(t, newStore(t))
		})
	}
}

func send(t *testing.T, s Beats, b telemetry.Beat) telemetry.DeviceState {
	t.Helper()
	state, err := s.Beat(t.Context(), &b)
	must(t, err)
	return state
}

func latest(t *testing.T, s Beats, deviceID string) *telemetry.Beat {
	t.Helper()
	beats, err := s.Latest(t.Context(), []string{deviceID})
	must(t, err)
	if b, ok := beats[deviceID]; ok {
		return &b
	}
	return nil
}

func live(t *testing.T, s Beats, deviceID string) bool {
	t.Helper()
	beats, err := s.Live(t.Context(), []string{deviceID})
	must(t, err)
	_, ok := beats[deviceID]
	return ok
}

func letsIn(t *testing.T, s Beats) {
	if state := send(t, s, beat(deviceA, base)); state != (telemetry.DeviceState{}) {
		t.Errorf("state %+v of a device that nobody published", state)
	}
	if b := latest(t, s, deviceA); b == nil || b.Interval != telemetry.DefaultInterval {
		t.Errorf("beat %+v, want one with the default interval", b)
	}
	state, last, err := s.Device(t.Context(), deviceB)
	if err != nil || last != nil || state.Known {
		t.Errorf("a device that never spoke: %+v, %+v, %v", state, last, err)
	}
}

func returnsState(t *testing.T, s Beats) {
	full := telemetry.DeviceState{
		Known: true, Epoch: 7, Status: telemetry.Approved, PrivacyLocked: true, PrivacyGeneration: 41,
		PendingCommands: 3, HeartbeatInterval: 30 * time.Second, DeletedAt: base,
	}
	least := telemetry.DeviceState{Known: true, Epoch: 1, Status: telemetry.Approved}
	s.SetState(deviceA, full)
	s.SetState(deviceB, least)
	b := beat(deviceA, base)
	b.Epoch = 7
	if got := send(t, s, b); got != full {
		t.Errorf("state %+v, want %+v", got, full)
	}
	if got, last, err := s.Device(t.Context(), deviceA); err != nil || got != full || last == nil {
		t.Errorf("state %+v with beat %v, %v; want %+v", got, last, err, full)
	}
	states, err := s.States(t.Context(), []string{deviceA, deviceB, deviceC})
	must(t, err)
	if want := map[string]telemetry.DeviceState{deviceA: full, deviceB: least}; !maps.Equal(states, want) {
		t.Errorf("states %+v, want %+v", states, want)
	}
	full.Epoch, full.PendingCommands = 8, 0
	s.SetState(deviceA, full)
	b.Epoch = 8
	if got := send(t, s, b); got != full {
		t.Errorf("state %+v after a change, want %+v", got, full)
	}
}

func refuses(t *testing.T, s Beats) {
	for _, state := range []telemetry.DeviceState{
		{Known: true, Epoch: 2, Status: telemetry.Approved},
		{Known: true, Epoch: 1, Status: telemetry.Revoked},
		{Known: true, Epoch: 1, Status: telemetry.Deleted, DeletedAt: base},
	} {
		s.SetState(deviceA, state)
		b := beat(deviceA, base)
		b.Epoch = 1
		got := send(t, s, b)
		wantKind(t, got.Admit(1), fault.Unauthenticated)
		if got != state {
			t.Errorf("state %+v, want %+v", got, state)
		}
		marks, err := s.Marks(t.Context())
		must(t, err)
		if latest(t, s, deviceA) != nil || live(t, s, deviceA) || len(marks) != 0 {
			t.Errorf("a refused beat was recorded under %+v", state)
		}
	}
	s.SetState(deviceA, telemetry.DeviceState{Epoch: 2, Status: telemetry.Approved})
	b := beat(deviceA, base)
	b.Epoch = 3 // newer than the copy that was published
	must(t, send(t, s, b).Admit(3))
	if latest(t, s, deviceA) == nil {
		t.Error("a beat with a newer token was not recorded")
	}
}

func keepsBeat(t *testing.T, s Beats) {
	s.SetState(deviceA, telemetry.DeviceState{Epoch: 1, Status: telemetry.Approved, HeartbeatInterval: 45 * time.Second})
	want := beat(deviceA, base)
	want.Epoch = 1
	send(t, s, want)
	want.Interval = 45 * time.Second
	_, last, err := s.Device(t.Context(), deviceA)
	must(t, err)
	for _, got := range []*telemetry.Beat{last, latest(t, s, deviceA)} {
		if got == nil || string(got.Stored()) != string(want.Stored()) || got.DeviceID != deviceA {
			t.Errorf("beat %+v, want %+v", got, want)
		}
	}
	bare := telemetry.Beat{DeviceID: deviceB, ReceivedAt: base}
	send(t, s, bare)
	bare.Interval = telemetry.DefaultInterval
	if got := latest(t, s, deviceB); got == nil || string(got.Stored()) != string(bare.Stored()) {
		t.Errorf("beat %+v, want %+v", got, bare)
	}
}

// expires uses the shortest interval that there is, 1 s, and so takes 2.5 s.
func expires(t *testing.T, s Beats) {
	second := telemetry.DeviceState{Epoch: 1, Status: telemetry.Approved, HeartbeatInterval: time.Second}
	s.SetState(deviceA, second)
	s.SetState(deviceB, second)
	awake, sleeper := telemetry.Beat{DeviceID: deviceA, Epoch: 1, ReceivedAt: base}, beat(deviceB, base)
	sleeper.Epoch = 1
	began := time.Now()
	send(t, s, awake)
	send(t, s, sleeper)
	if !live(t, s, deviceA) || !live(t, s, deviceB) {
		t.Fatal("a beat is not live at once")
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for live(t, s, deviceA) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("a beat does not expire")
		}
		<-tick.C
	}
	if took := time.Since(began); took < awakeAllowance {
		t.Errorf("the beat expired after %v, want %v", took, awakeAllowance)
	}
	if latest(t, s, deviceA) == nil {
		t.Error("the reading went with the beat")
	}
	if !live(t, s, deviceB) {
		t.Error("the beat of a sleeper expired")
	}
}

var awakeAllowance = telemetry.AllowedSilence(time.Second, 0)

func marks(t *testing.T, s Beats) {
	send(t, s, beat(deviceA, base))
	send(t, s, beat(deviceB, base))
	before, err := s.Marks(t.Context())
	must(t, err)
	if len(before) != 2 || before[deviceA] == 0 || before[deviceB] == 0 {
		t.Fatalf("marks %v", before)
	}
	// Later or earlier makes no difference: clocks are set.
	for _, at := range []time.Time{base.Add(time.Second), base.Add(-time.Hour)} {
		send(t, s, beat(deviceA, at))
		after, err := s.Marks(t.Context())
		must(t, err)
		if after[deviceA] == before[deviceA] || after[deviceB] != before[deviceB] {
			t.Errorf("marks %v, before %v", after, before)
		}
		before = after
	}
}

func forgets(t *testing.T, s Beats) {
	send(t, s, beat(deviceA, base))
	send(t, s, beat(deviceB, base.Add(time.Minute)))
	for _, id := range []string{deviceA, deviceB, deviceC} {
		must(t, s.Forget(t.Context(), id, base.Add(time.Minute)))
	}
	if latest(t, s, deviceA) != nil || live(t, s, deviceA) {
		t.Error("a beat before the time is left")
	}
	if latest(t, s, deviceB) == nil || !live(t, s, deviceB) {
		t.Error("a beat at the time is gone")
	}
	marks, err := s.Marks(t.Context())
	must(t, err)
	if len(marks) != 1 || marks[deviceB] == 0 {
		t.Errorf("marks %v", marks)
	}
}

func asksNothing(t *testing.T, s Beats) {
	states, err := s.States(t.Context(), nil)
	must(t, err)
	beats, err := s.Latest(t.Context(), nil)
	must(t, err)
	alive, err := s.Live(t.Context(), nil)
	must(t, err)
	marks, err := s.Marks(t.Context())
	must(t, err)
	if len(states)+len(beats)+len(alive)+len(marks) != 0 {
		t.Errorf("an empty store has %v %v %v %v", states, beats, alive, marks)
	}
}
