package main

import (
	"context"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/media/blob/s3"
	"home.arpa/nestbox/services/media/postgres"
)

const migrateHelp = `Bring the tables up to this program's version, creating them when there are none, and with
MEDIA_BLOB=s3 the bucket. Any number of these may run at once; one works and the others wait. Needs
MEDIA_PG_URL, and with MEDIA_BLOB=s3 what that requires.`

func migrateCommand(p *program.Program) *cobra.Command {
	s := stores{Postgres: program.DefaultSettings().Postgres, Places: defaultPlaces()}
	return p.MigrateWith(migrateHelp, postgres.Migrations, func() (program.Postgres, error) {
		err := config.LoadFunc(p.Getenv, prefix, &s)
		return s.Postgres, err
	}, s.createBucket)
}

// createBucket makes the bucket, when pictures are kept in one.
func (s *Places) createBucket(ctx context.Context) error {
	if s.Blob != blobS3 {
		return nil
	}
	bucket, err := s3.Open(s.bucket())
	if err != nil {
		return err
	}
	defer bucket.Close()
	return bucket.Create(ctx)
}
