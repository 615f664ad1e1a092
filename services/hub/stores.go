package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media/blob/folder"
	mediasqlite "home.arpa/nestbox/services/media/sqlite"
	registrysqlite "home.arpa/nestbox/services/registry/sqlite"
	telemetrysqlite "home.arpa/nestbox/services/telemetry/sqlite"
)

// stores are what outlives the process.
type stores struct {
	registryDB, telemetryDB, mediaDB *sqlite.DB

	registry   *registrysqlite.Store
	telemetry  *telemetrysqlite.Store
	media      *mediasqlite.Store
	pictures   *folder.Folder
	thumbnails *folder.Folder

	closers []func() error // in the order of the opens
}

// openStores opens everything in the folder and brings the databases to the schema of this program.
func openStores(ctx context.Context, data datadir.Path) (_ *stores, err error) {
	s := &stores{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.registryDB, err = s.openDatabase(ctx, data.In(datadir.RegistryDB), registrysqlite.Migrations); err != nil {
		return nil, err
	}
	s.registry = registrysqlite.NewStore(s.registryDB)
	if s.telemetryDB, err = s.openDatabase(ctx, data.In(datadir.TelemetryDB), telemetrysqlite.Migrations); err != nil {
		return nil, err
	}
	s.telemetry = telemetrysqlite.NewStore(s.telemetryDB)
	if s.mediaDB, err = s.openDatabase(ctx, data.In(datadir.MediaDB), nil); err != nil {
		return nil, err
	}
	if s.media, err = mediasqlite.New(ctx, s.mediaDB); err != nil {
		return nil, err
	}
	if s.pictures, err = s.openFolder(data.In(datadir.Pictures)); err != nil {
		return nil, err
	}
	if s.thumbnails, err = s.openFolder(data.In(datadir.Thumbnails)); err != nil {
		return nil, err
	}
	return s, nil
}

// openDatabase leaves the migrations to the store when they are nil.
func (s *stores) openDatabase(ctx context.Context, path string, migrations fs.FS) (*sqlite.DB, error) {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, db.Close)
	if migrations == nil {
		return db, nil
	}
	if _, err := migrate.SQLite(ctx, db, migrations); err != nil {
		return nil, fmt.Errorf("bring %s to the present schema: %w", path, err)
	}
	return db, nil
}

func (s *stores) openFolder(path string) (*folder.Folder, error) {
	f, err := folder.Open(path)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, f.Close)
	return f, nil
}

func (s *stores) close() error {
	var errs []error
	for _, c := range slices.Backward(s.closers) {
		errs = append(errs, c())
	}
	s.closers = nil
	return errors.Join(errs...)
}
