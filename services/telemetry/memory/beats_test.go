package memory_test

import (
	"testing"

	"home.arpa/nestbox/services/telemetry/memory"
	"home.arpa/nestbox/services/telemetry/storetest"
)

func TestBeats(t *testing.T) {
	t.Parallel()
	storetest.ExerciseBeats(t, func(*testing.T) storetest.Beats {
		states := memory.NewStates()
		return storetest.Beats{BeatStore: memory.NewBeats(states, nil), SetState: states.Set}
	})
}
