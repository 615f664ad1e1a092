// Package migrate brings a database to the version of the program: it runs the
// numbered SQL files that a service embeds, once each and in order, while no
// other process does the same.
//
// It owns the running, the locking and the check at serve time; goose parses
// the files and keeps the table of versions. It refuses to know any table but
// that one.
package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/pressly/goose/v3"
)

// versionTable holds a row per migration that was applied. Its name is goose's,
// so that goose's own command can be used on the database.
const versionTable = "goose_db_version"

// direction is one of up and down.
type direction func(context.Context, *goose.Provider) ([]*goose.MigrationResult, error)

func up(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) { return p.Up(ctx) }

func down(ctx context.Context, p *goose.Provider) ([]*goose.MigrationResult, error) {
	return p.DownTo(ctx, 0)
}

// run applies fsys in a direction and returns how many files it ran.
func run(ctx context.Context, dialect goose.Dialect, db *sql.DB, table string, fsys fs.FS, move direction) (int, error) {
	fsys, err := folder(fsys)
	if err != nil {
		return 0, err
	}
	p, err := goose.NewProvider(dialect, db, fsys,
		goose.WithTableName(table), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	results, err := move(ctx, p)
	var partial *goose.PartialError
	if errors.As(err, &partial) { // its text names a number, not the file
		return len(partial.Applied), fmt.Errorf("apply %s: %w", path.Base(partial.Failed.Source.Path), partial.Err)
	}
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}

// folder returns the folder "migrations" of fsys when there is one, and fsys
// otherwise, so that a service can pass its embed.FS as it is.
func folder(fsys fs.FS) (fs.FS, error) {
	info, err := fs.Stat(fsys, "migrations")
	if errors.Is(err, fs.ErrNotExist) || (err == nil && !info.IsDir()) {
		return fsys, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return fs.Sub(fsys, "migrations")
}

// pending returns the names of the files of fsys whose version is not in applied.
func pending(fsys fs.FS, applied []int64) ([]string, error) {
	fsys, err := folder(fsys)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(fsys, "*.sql")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, errors.New("the program has no migrations in it")
	}
	var missing []string
	for _, name := range names {
		version, err := goose.NumericComponent(path.Base(name))
		if err != nil {
			return nil, fmt.Errorf("migration %s: %w", name, err)
		}
		if !slices.Contains(applied, version) {
			missing = append(missing, name)
		}
	}
	return missing, nil
}
