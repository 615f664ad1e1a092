package registry

import (
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestSwitchedPrivacy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name              string
		locked            bool // the hub's
		generation, acked int64
		cameraLocked      bool
		cameraGeneration  int64
		want              Privacy // Locked, Generation, AcknowledgedGeneration
		err               fault.Kind
	}{
		{"first use", false, 0, 0, true, 1, Privacy{Locked: true, Generation: 1, AcknowledgedGeneration: 1}, 0},
		{"newer", true, 3, 3, false, 4, Privacy{Generation: 4, AcknowledgedGeneration: 4}, 0},
		{"much newer: the hub was restored", false, 0, 0, true, 900, Privacy{Locked: true, Generation: 900, AcknowledgedGeneration: 900}, 0},
		{"absurdly newer", false, 0, 0, true, 200_000, Privacy{}, fault.Invalid},
		{"present, same", true, 3, 2, true, 3, Privacy{Locked: true, Generation: 3, AcknowledgedGeneration: 3}, 0},
		{"present, camera locked", false, 3, 2, true, 3, Privacy{Locked: true, Generation: 4, AcknowledgedGeneration: 4}, 0},
		{"present, hub locked", true, 3, 2, false, 3, Privacy{Locked: true, Generation: 3, AcknowledgedGeneration: 2}, 0},
		{"older", true, 3, 3, false, 2, Privacy{Locked: true, Generation: 3, AcknowledgedGeneration: 3}, fault.Conflict},
		{"none", false, 3, 3, false, 0, Privacy{Generation: 3, AcknowledgedGeneration: 3}, fault.Invalid},
	} {
		p := Privacy{Locked: c.locked, Generation: c.generation, AcknowledgedGeneration: c.acked}
		got, err := p.switched(c.cameraLocked, c.cameraGeneration, noon)
		if fault.KindOf(err) != c.err || (err != nil) != (c.err != 0) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if err == nil && (got.Locked != c.want.Locked || got.Generation != c.want.Generation || got.AcknowledgedGeneration != c.want.AcknowledgedGeneration) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
		if changed := got.Generation != p.Generation; err == nil && changed != (got.ChangedBy == ActorDevice && got.ChangedAt.Equal(noon)) {
			t.Errorf("%s: changed by %q at %v", c.name, got.ChangedBy, got.ChangedAt)
		}
		if err != nil && got != p {
			t.Errorf("%s: refused, and yet %+v", c.name, got)
		}
	}
}

func TestSetPrivacy(t *testing.T) {
	t.Parallel()
	p := Privacy{}.set(true, "admin", noon)
	if want := (Privacy{Locked: true, Generation: 1, ChangedAt: noon, ChangedBy: "admin"}); p != want {
		t.Errorf("%+v, want %+v", p, want)
	}
	if again := p.set(true, "other", noon.Add(time.Hour)); again != p {
		t.Errorf("the same wish changed %+v", again)
	}
}

func TestAcknowledgement(t *testing.T) {
	t.Parallel()
	p := Privacy{Generation: 5, AcknowledgedGeneration: 3}
	for generation, want := range map[int64]int64{0: 3, 3: 3, 4: 4, 5: 5, 6: 3, -1: 3} {
		if got := p.acknowledged(generation, noon).AcknowledgedGeneration; got != want {
			t.Errorf("acknowledging %d gives %d, want %d", generation, got, want)
		}
	}
}

// TestOneOrderForTheState: whatever is open, after a change the camera has
// exactly the order that it needs.
func TestOneOrderForTheState(t *testing.T) {
	t.Parallel()
	device := Device{ID: "x", Status: StatusApproved, Privacy: Privacy{Locked: true, Generation: 4, AcknowledgedGeneration: 3}}
	order := func(p Privacy) Command {
		return newCommand("x", KindSetPrivacy, p.parameters(), privacyLife, "admin", noon)
	}
	obeyed := device
	obeyed.Privacy.AcknowledgedGeneration = 4
	revoked := device
	revoked.Status = StatusRevoked
	for _, c := range []struct {
		name string
		d    Device
		open []Command
		want int
	}{
		{"none yet", device, nil, 1},
		{"the right one", device, []Command{order(device.Privacy)}, 1},
		{"an old one", device, []Command{order(Privacy{Generation: 3})}, 1},
		{"two right ones and an old one", device, []Command{order(device.Privacy), order(Privacy{Generation: 3}), order(device.Privacy)}, 1},
		{"obeyed already", obeyed, []Command{order(device.Privacy)}, 0},
		{"revoked", revoked, []Command{order(device.Privacy)}, 0},
	} {
		other := newCommand("x", KindIdentify, []byte("{}"), time.Minute, "admin", noon)
		before := Standing{Device: &c.d, Commands: append(c.open, other)}
		var ch Change
		before.tell(c.d, "admin", &ch, noon)
		open := after(before, ch).Commands
		if len(open) != c.want+1 {
			t.Errorf("%s: open are %+v", c.name, open)
		}
		for _, cmd := range open {
			if cmd.Kind == KindSetPrivacy && !cmd.tells(c.d.Privacy) {
				t.Errorf("%s: it is told %s", c.name, cmd.Parameters)
			}
		}
	}
}
