// Command registry serves the part of Nestbox that knows devices, commands and
// operators. Its settings are environment variables, see settings.go.
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
		Use:   "registry",
		Short: "The Nestbox service for devices, commands and operators",
		Long: `The Nestbox service for devices, commands and operators. Settings are environment variables:

  REGISTRY_PG_URL            Postgres, as postgres:// URL or key=value text (required)
  REGISTRY_PG_MAX_CONNS      connections at most (8)
  REGISTRY_REDIS_URL         Redis, redis://host:6379/0 (required)
  REGISTRY_TOKEN_KEY_FILE    private key that signs device tokens, see "registry keygen" (required)
  REGISTRY_ENROLMENT         who admits new devices: approve (default), key or open
  REGISTRY_ENROLMENT_KEY     the shared key of mode key
  REGISTRY_ADMIN_PASSWORD    password of "admin" at the first start; a random one is printed when empty
  REGISTRY_LISTEN            address of the API (:8080)
  REGISTRY_OPS_LISTEN        address of /livez, /readyz and /metrics (:9090)
  REGISTRY_TRUSTED_PROXIES   addresses or ranges whose X-Forwarded-For is believed, separated by commas
  REGISTRY_DRAIN_DELAY       pause between "not ready" and the end of accepting (0s)
  NESTBOX_LOG_LEVEL, NESTBOX_LOG_FORMAT, OTEL_*`,
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(args)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.AddCommand(p.serve(), p.migrate(), p.keygen(), p.resetPassword(), p.version()) //nolint:contextcheck // cobra hands each command the context of ExecuteContext
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, context.Canceled) || ctx.Err() == nil {
			_, _ = fmt.Fprintln(p.stderr, "registry:", err)
		}
		return 1
	}
	return 0
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, "registry", version)
			return err
		},
	}
}
