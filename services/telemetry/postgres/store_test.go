package postgres_test

import (
	"os"
	"testing"

	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/postgres"
	"home.arpa/nestbox/services/telemetry/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.ExerciseEvents(t, func(t *testing.T) telemetry.EventStore {
		return postgres.NewStore(pgtest.Open(t, postgres.Schema, postgres.Migrations))
	})
}
