package storetest

import (
	"errors"
	"testing"
	"time"

	"home.arpa/nestbox/services/media"
)

// ExerciseStates says what every media.States must do. New makes one that knows
// nothing, with a function that does what the registry does to it.
func ExerciseStates(t *testing.T, newStates func(t *testing.T) (s media.States, publish func(media.DeviceState))) {
	t.Helper()
	base := media.DeviceState{DeviceID: deviceA, Epoch: 3, Status: media.StatusApproved, PrivacyGeneration: 7}
	for name, change := range map[string]func(*media.DeviceState){
		"approved":            func(*media.DeviceState) {},
		"locked":              func(s *media.DeviceState) { s.PrivacyLocked, s.PrivacyGeneration = true, 8 },
		"revoked":             func(s *media.DeviceState) { s.Status, s.Epoch = media.StatusRevoked, 4 },
		"deleted":             func(s *media.DeviceState) { s.Status, s.DeletedAt = media.StatusDeleted, base0 },
		"back after deletion": func(s *media.DeviceState) { s.DeletedAt = base0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, publish := newStates(t)
			if got, err := s.State(t.Context(), deviceA); !errors.Is(err, media.ErrNoState) {
				t.Errorf("before anything was said: %+v, %v; want ErrNoState", got, err)
			}
			publish(base)
			want := base
			change(&want)
			publish(want) // the last word counts
			if got, err := s.State(t.Context(), deviceA); err != nil || got != want {
				t.Errorf("state %+v, %v; want %+v", got, err, want)
			}
			if got, err := s.State(t.Context(), deviceB); !errors.Is(err, media.ErrNoState) {
				t.Errorf("another device: %+v, %v; want ErrNoState", got, err)
			}
		})
	}
}

// base0 has whole milliseconds, which is what the registry publishes.
var base0 = time.UnixMilli(1767225600123).UTC()
