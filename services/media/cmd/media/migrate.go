package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/media/blob/s3"
	"home.arpa/nestbox/services/media/postgres"
)

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the tables up to this program's version", Args: cobra.NoArgs,
		Long: `Bring the tables up to this program's version, creating them when there are none, and with
MEDIA_BLOB=s3 the bucket. Any number of these may run at once; one works and the others wait. Needs
MEDIA_PG_URL, and with MEDIA_BLOB=s3 what that requires.`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			s := defaultStores()
			if err := config.LoadFunc(p.getenv, prefix, &s); err != nil {
				return err
			}
			db, err := pg.Open(cmd.Context(), s.postgres(false))
			if err != nil {
				return err
			}
			defer db.Close()
			n, err := migrate.Postgres(cmd.Context(), db, postgres.Migrations)
			if err != nil {
				return err
			}
			if s.Blob == blobS3 {
				bucket, err := s3.Open(s.bucket())
				if err != nil {
					return err
				}
				defer bucket.Close()
				if err := bucket.Create(cmd.Context()); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintf(p.stdout, "%d migrations applied to schema %s\n", n, postgres.Schema)
			return err
		},
	}
}
