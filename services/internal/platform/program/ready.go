package program

import (
	"context"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

// ready is the command that asks a running serve. It does not look at the other
// settings: a health check may run without the secrets.
func (p *Program) ready() *cobra.Command {
	long := `Ask the serve that runs on this machine whether it is ready: exit code 0 when it is, 1 with the
reason when it is not or does not answer within 2 s. Needs ` + p.prefix() + `OPS_LISTEN only, the same as serve.
It is the health check of an image that has no shell.`
	return Command("ready", "Ask whether the service is ready", long, func(ctx context.Context) error {
		s := DefaultSettings().Ops
		if err := config.LoadFunc(p.Getenv, p.prefix(), &s); err != nil {
			return err
		}
		return httpx.AskReady(ctx, s.OpsListen)
	})
}
