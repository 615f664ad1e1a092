// Command telemetry serves the part of Nestbox that knows heartbeats, presence
// and motion. Its settings are environment variables, see settings.go.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/telemetry/postgres"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// program is what all subcommands stand on.
type program struct {
	getenv         func(string) string
	stdout, stderr io.Writer
	// ready is told the addresses of a server that runs; for tests.
	ready func(listen, ops string)
}

// run is main with everything handed in. It returns the exit code: 0 after an
// orderly stop, 1 otherwise.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	return (&program{getenv: getenv, stdout: stdout, stderr: stderr}).run(ctx, args)
}

func (p *program) run(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use:   "telemetry",
		Short: "The Nestbox service for heartbeats, presence and motion",
		Long: `The Nestbox service for heartbeats, presence and motion. Settings are environment variables:

  TELEMETRY_PG_URL                 Postgres, as postgres:// URL or key=value text (required)
  TELEMETRY_PG_MAX_CONNS           connections at most (8)
  TELEMETRY_REDIS_URL              Redis, redis://host:6379/0 (required)
  TELEMETRY_TOKEN_PUBLIC_KEY_FILE  public keys that device tokens are signed with, see "registry keygen" (required)
  TELEMETRY_EVENT_RETENTION_DAYS   age in days at which events are removed; 0 keeps them (90)
  TELEMETRY_LISTEN                 address of the API (:8080)
  TELEMETRY_OPS_LISTEN             address of /livez, /readyz and /metrics (:9090)
  TELEMETRY_TRUSTED_PROXIES        addresses or ranges whose X-Forwarded-For is believed, separated by commas
  TELEMETRY_DRAIN_DELAY            pause between "not ready" and the end of accepting (0s)
  NESTBOX_LOG_LEVEL, NESTBOX_LOG_FORMAT, OTEL_*`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddCommand(p.serve(), p.migrate(), p.version()) //nolint:contextcheck // cobra hands each command the context of ExecuteContext
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, context.Canceled) || ctx.Err() == nil {
			_, _ = fmt.Fprintln(p.stderr, "telemetry:", err)
		}
		return 1
	}
	return 0
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, "telemetry", version)
			return err
		},
	}
}

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the tables up to this program's version", Args: cobra.NoArgs,
		Long: `Bring the tables up to this program's version, creating them when there are none. Any number of
these may run at once; one works and the others wait. Needs TELEMETRY_PG_URL only.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := defaultDatabase()
			if err := config.LoadFunc(p.getenv, prefix, &s); err != nil {
				return err
			}
			db, err := pg.Open(cmd.Context(), s.config(false))
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
