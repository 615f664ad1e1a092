package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/hub"
	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/doctor"
)

func (p *program) doctor() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look for what is wrong, and say what to do about it",
		Long: `Look for what is wrong, and say what to do about it: the data folder and who may read it, the
disk, every page of the databases, each picture against its index, the ports, the clock, and
whether cameras can find the hub. It changes nothing. The hub may run or not; give the same
settings as to "nestbox serve".

Exit code 0: all lines have a ✓. Exit code 1: at least one has a ✗, with the remedy below it.`,
		Example: `  nestbox doctor
  sudo -u nestbox nestbox doctor --data /var/lib/nestbox`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.settings(cmd)
			if err != nil {
				return err
			}
			if !doctor.Examine(cmd.Context(), p.stdout, p.checks(s)) {
				return errReported
			}
			return nil
		},
	}
	addFlags(cmd.Flags(), ofServe)
	return cmd
}

func (p *program) checks(s settings) []doctor.Check {
	folder := datadir.Path(s.Data)
	if folder.Exists() != nil {
		return []doctor.Check{doctor.Folder(folder)} // there is nothing else to look at
	}
	var once sync.Once
	var inv hub.Inventory
	var failed error
	inventory := func(ctx context.Context) (hub.Inventory, error) {
		once.Do(func() { inv, failed = hub.TakeInventory(ctx, folder) })
		return inv, failed
	}
	return []doctor.Check{
		doctor.Folder(folder),
		doctor.Permissions(folder),
		doctor.Key(folder),
		doctor.Clock(p.now(), func(context.Context) (time.Time, error) { return lastWritten(folder), nil }),
		doctor.Databases(folder),
		doctor.Pictures(func(ctx context.Context) (doctor.Agreement, error) {
			inv, err := inventory(ctx)
			return doctor.Agreement{Pictures: inv.Whole, Missing: inv.Missing, Damaged: inv.Damaged, Unknown: inv.Unknown}, err
		}),
		doctor.Disk(folder, func(ctx context.Context) (used, quota int64, err error) {
			inv, err := inventory(ctx)
			return inv.Bytes, int64(s.Quota), err
		}),
		doctor.Port(folder, "port", s.Listen, "/api/openapi.yaml"),
		doctor.Port(folder, "health", s.OpsListen, "/readyz"),
		doctor.MDNS(folder, s.MDNS),
	}
}

// lastWritten is when something was last stored, by the clock of that time. It is looked at before the databases are opened.
func lastWritten(folder datadir.Path) (last time.Time) {
	for _, name := range []string{datadir.RegistryDB, datadir.TelemetryDB, datadir.MediaDB} {
		for _, suffix := range []string{"", "-wal"} {
			if info, err := os.Stat(folder.In(name + suffix)); err == nil && info.ModTime().After(last) {
				last = info.ModTime()
			}
		}
	}
	return last
}
