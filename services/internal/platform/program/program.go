// Package program is the frame of a service's program: its subcommands, what it
// opens before it serves and closes afterwards, and the settings that every
// service has.
//
// It owns signals, exit codes, the commands version, ready and migrate, and the order
// of opening and closing. It refuses to know what is served: wiring, checks and the
// rest of the settings are the service's.
package program

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/config"
)

// Process is what surrounds a program, and what tests replace.
type Process struct {
	Getenv         func(string) string
	Stdout, Stderr io.Writer
	// Ready is told the addresses of a server that runs; for tests. Nil tells nobody.
	Ready func(listen, ops string)
}

// Main runs a program in this process until SIGINT or SIGTERM, and exits with
// its code.
func Main(newProgram func(at Process) *Program) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := newProgram(Process{Getenv: os.Getenv, Stdout: os.Stdout, Stderr: os.Stderr}).Run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// Program is what all subcommands stand on.
type Program struct {
	Process
	// Name is also that of the schema in Postgres and, in upper case and with an
	// underscore, the prefix of the settings.
	Name, Version string
	// Short says in a line what it is for, Settings lists its environment variables
	// and marks those that are secret.
	Short, Settings string

	commands []*cobra.Command
}

// Add gives the program subcommands beside version and ready, which every program has.
func (p *Program) Add(commands ...*cobra.Command) { p.commands = append(p.commands, commands...) }

// Run executes the subcommand that args name. It returns the exit code: 0 after
// an orderly stop, 1 otherwise.
func (p *Program) Run(ctx context.Context, args []string) int {
	root := &cobra.Command{
		Use: p.Name, Short: p.Short, Long: p.Short + ". Settings are environment variables:\n\n" + p.Settings +
			"\n\nA secret may be in a file instead: " + p.prefix() + "PG_URL" + config.FileSuffix + " names one with the URL.",
		SilenceUsage: true, SilenceErrors: true,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetArgs(args)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	root.AddCommand(p.commands...)
	root.AddCommand(p.ready(), Command("version", "Print the version", "", func(context.Context) error { //nolint:contextcheck // cobra hands each command the context of ExecuteContext
		_, err := fmt.Fprintln(p.Stdout, p.Name, p.Version)
		return err
	}))
	if err := root.ExecuteContext(ctx); err != nil {
		if !errors.Is(err, context.Canceled) || ctx.Err() == nil {
			_, _ = fmt.Fprintln(p.Stderr, p.Name+":", err)
		}
		return 1
	}
	return 0
}

// Command is a subcommand without arguments. Its help is long, or short when
// that is empty.
func Command(use, short, long string, run func(context.Context) error) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Long: long, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return run(cmd.Context()) },
	}
}

func (p *Program) prefix() string { return strings.ToUpper(p.Name) + "_" }
