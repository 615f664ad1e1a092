package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
)

func (p *program) devices() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "devices",
		Short: "List cameras, let them in, throw them out",
		Long: `List cameras, let them in, throw them out. Works while the hub runs, at once, and while it does
not. It needs no password: whoever may read the data folder may do this.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(p.devicesList(), p.devicesApprove(), p.devicesRevoke())
	return cmd
}

// device is what the list shows of one; the API gives more.
type device struct {
	ID               string     `json:"device_id"`
	Name             string     `json:"name"`
	Type             string     `json:"device_type"`
	Firmware         string     `json:"firmware_version"`
	Address          string     `json:"ip_address"`
	Status           string     `json:"status"`
	LastRegisteredAt *time.Time `json:"last_registered_at"`
	Reenrolment      *struct {
		Address string `json:"ip_address"`
	} `json:"reenrolment"`
}

func (p *program) devicesList() *cobra.Command {
	var status string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ls",
		Short: "List the cameras",
		Long: `List the cameras, those that wait for a yes first.

A line with "wants in again" is a camera whose id is known but whose secret is not: its flash was
erased, or somebody else uses the id. The one that was approved before goes on working until you
approve the new one.`,
		Example: `  nestbox devices ls
  nestbox devices ls --status pending
  nestbox devices ls --json | jq -r '.devices[].device_id'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if status != "" && !oneOf(status, "pending", "approved", "revoked") {
				return usageError{errors.New("--status must be pending, approved or revoked")}
			}
			return p.asOwner(cmd, func(ctx context.Context, o *owner) error {
				if asJSON {
					return o.copy(ctx, p.stdout, "/api/devices", url.Values{"status": {status}})
				}
				var list struct{ Devices []device }
				if err := o.get(ctx, "/api/devices", url.Values{"status": {status}}, &list); err != nil {
					return err
				}
				return p.printDevices(list.Devices)
			})
		},
	}
	cmd.Flags().StringVar(&status, "status", "", "only those that are `status`: pending, approved or revoked")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the API's answer as it is")
	return cmd
}

func (p *program) printDevices(list []device) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(p.stdout, "No camera yet. Point one at this hub; it appears here when it first registers.")
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tSTATUS\tNAME\tTYPE\tFIRMWARE\tADDRESS\tLAST REGISTERED")
	for _, waiting := range []bool{true, false} {
		for _, d := range list {
			state, wants := d.Status, d.Status == "pending"
			if d.Reenrolment != nil && d.Status != "pending" {
				state, wants = d.Status+", wants in again", true
			}
			if wants != waiting {
				continue
			}
			when := "-"
			if d.LastRegisteredAt != nil {
				when = d.LastRegisteredAt.Local().Format("2006-01-02 15:04")
			}
			fmt.Fprintln(w, strings.Join([]string{d.ID, state, dash(d.Name), dash(d.Type), dash(d.Firmware), dash(d.Address), when}, "\t"))
		}
	}
	return w.Flush()
}

// dash shows an absent value, and keeps what a device said of itself from steering the terminal.
func dash(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s
}

func (p *program) devicesApprove() *cobra.Command {
	return &cobra.Command{
		Use:   "approve ID...",
		Short: "Let cameras in",
		Long: `Let cameras in that wait, or let one in again. The camera gets its token the next time it asks,
within half a minute. Approving an id that is known gives the new secret its place: history and
settings stay, tokens of the old secret stop working within a second.`,
		Example: "  nestbox devices approve 24:6F:28:AA:BB:CC",
		Args:    cobra.MinimumNArgs(1),
		RunE:    p.eachDevice("approve", "approved"),
	}
}

func (p *program) devicesRevoke() *cobra.Command {
	return &cobra.Command{
		Use:   "revoke ID...",
		Short: "Throw cameras out",
		Long: `Throw cameras out: all their tokens stop working within a second, and they wait for a yes when
they register again. What they sent stays.`,
		Example: "  nestbox devices revoke 24:6F:28:AA:BB:CC",
		Args:    cobra.MinimumNArgs(1),
		RunE:    p.eachDevice("revoke", "revoked"),
	}
}

// eachDevice posts the action for each id and says what was done; it goes on after a failure.
func (p *program) eachDevice(action, done string) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, ids []string) error {
		return p.asOwner(cmd, func(ctx context.Context, o *owner) error {
			failed := false
			for _, id := range ids {
				if err := o.call(ctx, http.MethodPost, "/api/devices/"+url.PathEscape(id)+"/"+action, nil, nil); err != nil {
					fmt.Fprintf(p.stderr, "nestbox: %s: %v\n", id, err)
					failed = true
					continue
				}
				fmt.Fprintf(p.stdout, "%s %s\n", id, done)
			}
			if failed {
				return errReported
			}
			return nil
		})
	}
}
