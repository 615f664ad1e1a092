package postgres_test

import (
	"os"
	"testing"

	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/postgres"
	"home.arpa/nestbox/services/registry/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) registry.Store {
		return postgres.NewStore(pgtest.Open(t, postgres.Schema, postgres.Migrations))
	})
}
