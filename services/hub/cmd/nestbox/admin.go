package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/spf13/cobra"
)

func (p *program) admin() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "admin",
		Short: "The operator account",
		Long: `The operator account. Works while the hub runs and while it does not. It needs no password: whoever
may read the data folder may do this.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.resetPassword())
	return cmd
}

func (p *program) resetPassword() *cobra.Command {
	return &cobra.Command{
		Use:   "reset-password",
		Short: "Give the operator admin a new random password",
		Long: `Give the operator admin a new random password and print it. All sessions of the web page end at
once; API tokens of scripts go on working. The new password is the only thing on standard output.`,
		Example: "  nestbox admin reset-password",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.asOwner(cmd, func(ctx context.Context, o *owner) error {
				var answer struct{ Password string }
				if err := o.call(ctx, http.MethodPost, "/owner/reset-password", nil, &answer); err != nil {
					return err
				}
				_, err := fmt.Fprintln(p.stdout, answer.Password)
				return err
			})
		},
	}
}
