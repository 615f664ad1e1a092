package memory_test

import (
	"testing"

	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/memory"
	"home.arpa/nestbox/services/media/storetest"
)

func TestStates(t *testing.T) {
	t.Parallel()
	storetest.ExerciseStates(t, func(*testing.T) (media.States, func(media.DeviceState)) {
		s := &memory.States{}
		return s, s.Set
	})
}
