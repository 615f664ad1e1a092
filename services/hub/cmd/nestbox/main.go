// Command nestbox is the whole hub in one program: cameras enrol with it, beat, report motion and send pictures to it, and
// people see and steer them. It needs no server beside it; everything is in one folder.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

// version is set by the linker.
var version = ""

// Exit codes, as every --help says.
const (
	exitDone  = 0
	exitFail  = 1
	exitUsage = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)) //nolint:gocritic // the process ends: nothing is left to stop
}

// program is what the commands share.
type program struct {
	getenv         func(string) string
	stdout, stderr io.Writer
	now            func() time.Time
}

// usageError is wrong usage or a wrong setting: exit code 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errReported has been printed already.
var errReported = errors.New("reported")

// run is main without the process: it ends when ctx does and returns the exit code.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	p := &program{getenv: getenv, stdout: stdout, stderr: stderr, now: time.Now}
	root := p.root() //nolint:contextcheck // the commands take theirs from ExecuteContext
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errReported):
	default:
		fmt.Fprintf(stderr, "nestbox: %v\n", err)
	}
	if errors.As(err, &usage) {
		return exitUsage
	}
	return exitFail
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "nestbox",
		Short: "The hub for your ESP32 cameras, on your own network",
		Long: `Nestbox is the hub for your ESP32 cameras. Everything stays on your own network and in one folder.

Every setting is a flag and an environment variable of the same name: --ops-listen is
NESTBOX_OPS_LISTEN; those of "nestbox advertise" begin with NESTBOX_ADVERTISE_. The flag wins. A
secret may be in a file instead: NESTBOX_ENROLMENT_KEY_FILE or NESTBOX_ADMIN_PASSWORD_FILE names it.
Problems of the settings are reported all at once.

Exit codes: 0 done; 1 it did not work, the reason is on standard error; 2 wrong usage or
wrong settings, nothing was done.`,
		Example: `  nestbox serve                       start the hub; the first start shows the password
  nestbox devices ls                  what is enrolled, and what waits for a yes
  nestbox devices approve 24:6F:28:AA:BB:CC
  nestbox backup /mnt/usb/nestbox.tar`,
		SilenceErrors: true,
		SilenceUsage:  true,
		// Without a command, help; a word that is no command is an error, which cobra leaves to Args.
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	addFlags(root.PersistentFlags(), everywhere)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	root.AddCommand(p.serve(), p.devices(), p.admin(), p.backup(), p.restore(), p.doctor(), p.ready(), p.advertise(), p.versionCommand())
	usage(root)
	return root
}

// usage makes wrong arguments of a command and of those below it usage errors.
func usage(cmd *cobra.Command) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
		}
		return nil
	}
	for _, c := range cmd.Commands() {
		usage(c)
	}
}

// settings reads the settings of a command; problems are usage errors.
func (p *program) settings(cmd *cobra.Command) (settings, error) {
	s, err := load(cmd.Flags(), p.getenv)
	if err != nil {
		return settings{}, usageError{fmt.Errorf("the settings cannot be used:\n%w", err)}
	}
	return s, nil
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Long:  "Print the version of this program and of Go, and the commit where that is known.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(p.stdout, "nestbox", describeVersion())
			return err
		},
	}
}

// programVersion is what the hub calls itself.
func programVersion() string {
	if version != "" {
		return version
	}
	return "dev"
}

func describeVersion() string {
	v := programVersion()
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	words := []string{v, info.GoVersion}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			words = append(words, s.Value)
		}
	}
	return strings.Join(words, " ")
}
