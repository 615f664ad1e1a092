package sqlite_test

import (
	"path/filepath"
	"testing"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media"
	mediasqlite "home.arpa/nestbox/services/media/sqlite"
	"home.arpa/nestbox/services/media/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string) *mediasqlite.Store {
	t.Helper()
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	store, err := mediasqlite.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Exercise(t, func(t *testing.T) media.Store {
		return open(t, filepath.Join(t.TempDir(), "media.db"))
	})
}
