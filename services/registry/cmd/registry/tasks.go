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
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/postgres"
	"home.arpa/nestbox/services/registry/redis"
)

func keygen() *cobra.Command {
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

const resetHelp = `Give the operator "admin" a new random password and print it. All sessions end, everywhere within a
second; API tokens go on working. Needs REGISTRY_PG_URL and REGISTRY_REDIS_URL.`

func resetPassword(ctx context.Context, p *program.Program) (err error) {
	s := stores{Postgres: program.DefaultSettings().Postgres}
	if err := config.LoadFunc(p.Getenv, prefix, &s); err != nil {
		return err
	}
	db, err := pg.Open(ctx, s.Postgres.Config(p.Name, false))
	if err != nil {
		return err
	}
	defer db.Close()
	if err := migrate.PostgresCurrent(ctx, db, postgres.Migrations); err != nil {
		return err
	}
	client, err := rds.Open(s.Redis.Config(false))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	// The key signs nothing here.
	service, err := newService(registry.Policy{Mode: registry.ModeApprove}, db, client, redis.NewWaiters(client), nil, nil)
	if err != nil {
		return err
	}
	generated, err := service.ResetPassword(ctx, "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.Stdout, generated)
	return err
}
