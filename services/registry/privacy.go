package registry

import (
	"encoding/json"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// maxGenerationLead bounds how far a camera's switch may be ahead of the hub: a
// camera that was switched while the hub was away, or a hub that was restored
// from a backup. Without a bound, garbage from one camera could use up the
// numbers.
const maxGenerationLead = 100_000

// Privacy is the desired state of one camera's eye. Locked means: the firmware
// takes no picture and the hub stores none.
//
// Generation names a state: it grows with each change, whoever makes it, so two
// sides that hold different states can tell which is newer. Where both made a
// change at the same generation, locked wins.
type Privacy struct {
	Locked     bool
	Generation int64 // 0: never changed
	ChangedAt  time.Time
	ChangedBy  string // an operator's name, or "device"

	// AcknowledgedGeneration is the newest generation that the camera is known to
	// act on; AcknowledgedAt is when it said so. A camera's own switch
	// acknowledges itself.
	AcknowledgedGeneration int64
	AcknowledgedAt         time.Time
}

// Acknowledged reports whether the camera acts on the present state.
func (p Privacy) Acknowledged() bool { return p.AcknowledgedGeneration >= p.Generation }

// changedByDevice stands in ChangedBy when the camera's own switch was used.
const changedByDevice = ActorDevice

// set returns the state after an operator's wish. A wish that is already the
// state changes nothing: a double click must not make the camera act twice.
func (p Privacy) set(locked bool, by string, now time.Time) Privacy {
	if p.Locked == locked {
		return p
	}
	p.Locked, p.Generation, p.ChangedAt, p.ChangedBy = locked, p.Generation+1, now, by
	return p
}

// switched returns the state after the camera's own switch was set to locked at
// the camera's generation.
//
//   - newer: adopted, and acknowledged by the same word
//   - the present one, same state: acknowledged
//   - the present one, camera locked and hub not: locked wins, at the next
//     generation, so that the number goes on naming one state
//   - the present one, hub locked and camera not: stays locked; the answer tells
//     the camera so, and it has not acknowledged yet
//   - an older one: fault.Conflict; the camera takes the hub's state from its
//     next heartbeat
func (p Privacy) switched(locked bool, generation int64, now time.Time) (Privacy, error) {
	if generation < 1 || generation > p.Generation+maxGenerationLead {
		return p, fault.New(fault.Invalid, "generation must be the last known generation plus one for each change; the hub is at %d.", p.Generation)
	}
	switch {
	case generation > p.Generation:
		p.Locked, p.Generation = locked, generation
		p.ChangedAt, p.ChangedBy = now, changedByDevice
	case generation < p.Generation:
		return p, fault.New(fault.Conflict, "The hub holds a newer privacy state (generation %d). Take it from the next heartbeat.", p.Generation)
	case locked == p.Locked:
	case p.Locked:
		return p, nil
	default:
		p.Locked, p.Generation = true, p.Generation+1
		p.ChangedAt, p.ChangedBy = now, changedByDevice
	}
	return p.acknowledged(p.Generation, now), nil
}

// acknowledged notes that the camera acts on generation. Older and unknown
// generations change nothing.
func (p Privacy) acknowledged(generation int64, now time.Time) Privacy {
	if generation > p.AcknowledgedGeneration && generation <= p.Generation {
		p.AcknowledgedGeneration, p.AcknowledgedAt = generation, now
	}
	return p
}

// privacyParameters are the parameters of a set_privacy command.
type privacyParameters struct {
	Locked     bool  `json:"locked"`
	Generation int64 `json:"generation"`
}

// parameters returns those of the command that tells the camera this state.
func (p Privacy) parameters() json.RawMessage {
	b, err := json.Marshal(privacyParameters{Locked: p.Locked, Generation: p.Generation})
	if err != nil {
		panic(err) // a bool and an integer always encode
	}
	return b
}

// setPrivacy is the rule of an operator's wish. A change replaces the command
// that told the camera the former state: of two orders only the newer counts.
func (st Standing) setPrivacy(locked bool, by string, now time.Time) (Change, error) {
	d, err := st.live()
	if err != nil {
		return Change{}, err
	}
	before := d.Privacy
	d.Privacy = before.set(locked, by, now)
	var ch Change
	if d.Privacy != before {
		ch.Device = &d
		ch.Audit = []Entry{{
			Action: ActionPrivacySet, Subject: d.ID, At: now,
			Detail: map[string]any{"locked": locked, "generation": d.Privacy.Generation},
		}}
	}
	st.tell(d, by, &ch, now)
	return ch, nil
}

// switchPrivacy is the rule of the camera's own switch.
func (st Standing) switchPrivacy(locked bool, generation int64, now time.Time) (Change, error) {
	d, err := st.live()
	if err != nil {
		return Change{}, err
	}
	before := d.Privacy
	if d.Privacy, err = before.switched(locked, generation, now); err != nil || d.Privacy == before {
		return Change{}, err
	}
	ch := Change{Device: &d}
	if d.Privacy.Generation != before.Generation {
		ch.Audit = append(ch.Audit, Entry{
			Actor: ActorDevice, Action: ActionPrivacySwitch, Subject: d.ID, At: now,
			Detail: map[string]any{"locked": d.Privacy.Locked, "generation": d.Privacy.Generation},
		})
	} else {
		ch.Audit = append(ch.Audit, acknowledgement(d, now))
	}
	st.tell(d, ActorDevice, &ch, now)
	return ch, nil
}

func acknowledgement(d Device, now time.Time) Entry {
	return Entry{
		Actor: ActorDevice, Action: ActionPrivacyAcknowledge, Subject: d.ID, At: now,
		Detail: map[string]any{"locked": d.Privacy.Locked, "generation": d.Privacy.AcknowledgedGeneration},
	}
}

// tell adds to ch that the device has exactly the set_privacy command it needs:
// one for the state of d that it has not acknowledged yet, and no other. A
// revoked device is told when it comes back, by its registration.
func (st Standing) tell(d Device, by string, ch *Change, now time.Time) {
	needed := !d.Privacy.Acknowledged() && d.Status == StatusApproved
	for _, c := range st.Commands {
		if c.Kind != KindSetPrivacy {
			continue
		}
		if needed && c.tells(d.Privacy) {
			needed = false
			continue
		}
		ch.Commands = append(ch.Commands, c.finished(StateCancelled, "the privacy state changed again", now))
	}
	if needed {
		ch.Commands = append(ch.Commands, newCommand(d.ID, KindSetPrivacy, d.Privacy.parameters(), privacyLife, by, now))
	}
}

// tells reports whether c is the command for the state p.
func (c Command) tells(p Privacy) bool {
	var told privacyParameters
	return json.Unmarshal(c.Parameters, &told) == nil && told == privacyParameters{Locked: p.Locked, Generation: p.Generation}
}
