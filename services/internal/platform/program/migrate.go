package program

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
)

// Migrate is the command that brings the tables up to date. It reads no setting
// but those of Postgres.
func (p *Program) Migrate(migrations fs.FS) *cobra.Command {
	long := `Bring the tables up to this program's version, creating them when there are none. Any number of
these may run at once; one works and the others wait. Needs ` + p.prefix() + `PG_URL only.`
	return p.MigrateWith(long, migrations, func() (Postgres, error) {
		s := tables{DefaultSettings().Postgres, p.prefix()}
		err := config.LoadFunc(p.Getenv, p.prefix(), &s)
		return s.Postgres, err
	})
}

// MigrateWith is Migrate for a program that reads more settings than that and
// makes more than tables: also is called after them.
func (p *Program) MigrateWith(long string, migrations fs.FS, read func() (Postgres, error), also ...func(context.Context) error) *cobra.Command {
	return Command("migrate", "Bring the tables up to this program's version", long, func(ctx context.Context) error {
		s, err := read()
		if err != nil {
			return err
		}
		db, err := pg.Open(ctx, s.Config(p.Name, false))
		if err != nil {
			return err
		}
		defer db.Close()
		n, err := migrate.Postgres(ctx, db, migrations)
		if err != nil {
			return err
		}
		for _, makeMore := range also {
			if err := makeMore(ctx); err != nil {
				return err
			}
		}
		_, err = fmt.Fprintf(p.Stdout, "%d migrations applied to schema %s\n", n, p.Name)
		return err
	})
}

// tables are the settings of Migrate.
type tables struct {
	Postgres
	prefix string
}

// Validate implements the check of config.Load.
func (t *tables) Validate() []error { return t.Problems(t.prefix) }
