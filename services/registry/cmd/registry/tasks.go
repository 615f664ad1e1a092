package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/registry/postgres"
	"home.arpa/nestbox/services/registry/redis"
)

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the tables up to this program's version", Args: cobra.NoArgs,
		Long: `Bring the tables up to this program's version, creating them when there are none. Any number of
these may run at once; one works and the others wait. Needs REGISTRY_PG_URL only.`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			s := tables{Stores: defaultStores()}
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
			_, err = fmt.Fprintf(p.stdout, "%d migrations applied to schema %s\n", n, postgres.Schema)
			return err
		},
	}
}

func (p *program) keygen() *cobra.Command {
	var private, public string
	cmd := &cobra.Command{
		Use: "keygen --private FILE --public FILE", Short: "Make the key that signs device tokens", Args: cobra.NoArgs,
		Long: `Make the Ed25519 key that signs device tokens: the private half for REGISTRY_TOKEN_KEY_FILE, the
public half for TELEMETRY_TOKEN_PUBLIC_KEY_FILE and MEDIA_TOKEN_PUBLIC_KEY_FILE. A private key that
exists is kept, and its public half is written again.`,
		Example: "  registry keygen --private token.key --public token.pub",
		RunE: func(*cobra.Command, []string) error {
			key, err := auth.LoadOrCreateKey(private)
			if err != nil {
				return err
			}
			if err := os.WriteFile(public, auth.PublicPEM(key), 0o644); err != nil { //nolint:gosec // a public key is for everyone
				return fmt.Errorf("write public key: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&private, "private", "", "file of the private key, readable by its owner only")
	cmd.Flags().StringVar(&public, "public", "", "file of the public key")
	for _, f := range []string{"private", "public"} {
		if err := cmd.MarkFlagRequired(f); err != nil {
			panic(err) // the flag was just defined
		}
	}
	return cmd
}

func (p *program) resetPassword() *cobra.Command {
	return &cobra.Command{
		Use: "reset-password", Short: `Give "admin" a new random password`, Args: cobra.NoArgs,
		Long: `Give the operator "admin" a new random password and print it. All sessions end, everywhere within a
second; API tokens go on working. Needs REGISTRY_PG_URL and REGISTRY_REDIS_URL.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := defaultStores()
			if err := config.LoadFunc(p.getenv, prefix, &s); err != nil {
				return err
			}
			return p.resetWith(cmd.Context(), &s)
		},
	}
}

func (p *program) resetWith(ctx context.Context, s *Stores) (err error) {
	db, err := pg.Open(ctx, s.postgres(false))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate.PostgresCurrent(ctx, db, postgres.Migrations); err != nil {
		return err
	}
	client, err := rds.Open(rds.Config{URL: s.Redis.URL.Reveal()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	// The key signs nothing here.
	service, err := newService(&settings{Enrolment: defaults().Enrolment}, db, client, redis.NewWaiters(client), nil, nil)
	if err != nil {
		return err
	}
	generated, err := service.ResetPassword(ctx, "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, generated)
	return err
}

// tables is Stores for a command that has no use for Redis.
type tables struct{ Stores }

// Validate implements the check of config.Load.
func (t *tables) Validate() []error {
	t.Redis.URL = "-"
	return t.Stores.Validate()
}
