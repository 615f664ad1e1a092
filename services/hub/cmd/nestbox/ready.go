package main

import (
	"errors"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/httpx"
)

func (p *program) ready() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ready",
		Short: "Ask the running hub whether it is ready",
		Long: `Ask the hub that runs on this machine whether it is ready, as the health check of a container does.
Give the same --ops-listen as to "nestbox serve"; no other setting matters.

Exit code 0: it is ready. Exit code 1: it is not, or does not answer within 2 s; standard error says
which.`,
		Example: `  nestbox ready && echo "cameras may come"`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, _ := load(cmd.Flags(), p.getenv) // what is wrong with other settings is for serve to say
			if s.OpsListen == "" {
				return usageError{errors.New("NESTBOX_OPS_LISTEN is off: there is nobody to ask")}
			}
			return httpx.AskReady(cmd.Context(), s.OpsListen)
		},
	}
	addFlags(cmd.Flags(), ofServe)
	return cmd
}
