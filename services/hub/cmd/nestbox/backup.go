package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/hub"
	"home.arpa/nestbox/services/hub/archive"
	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/doctor"
)

func (p *program) backup() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Save everything into one file",
		Long: `Save everything into one file: cameras, operators, events, pictures and the signing key. The hub may
run meanwhile; what is saved is whole and fits together, as of the moment at which the copying ends.

FILE is a tar archive, compressed when its name ends in .gz or .tgz (pictures do not shrink; it
saves little). An older FILE is replaced when, and only when, the new one is complete. Keep it as
safe as the hub itself: whoever has it can read your pictures and speak for your cameras.`,
		Example: `  nestbox backup /mnt/usb/nestbox-$(date +%F).tar`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := p.settings(cmd)
			if err != nil {
				return err
			}
			folder := datadir.Path(s.Data)
			if err := errors.Join(folder.Exists(), folder.Whole()); err != nil {
				return err
			}
			saved, err := hub.Backup(cmd.Context(), folder, args[0], programVersion())
			if err != nil {
				return err
			}
			fmt.Fprintf(p.stdout, "%s: %d pictures, %s\n", args[0], saved.Pictures(), doctor.Bytes(saved.Bytes()))
			for _, id := range saved.Missing {
				fmt.Fprintf(p.stderr, "nestbox: picture %s is in the index, but its file is gone; it is not in the backup\n", id)
			}
			return nil
		},
	}
}

func (p *program) restore() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Bring back what a backup saved",
		Long: `Bring back what a backup saved, into the data folder. The hub must not run. FILE is checked to its
last byte before anything is changed.

A folder that holds a hub's data already is refused without --force. With it, the former data is
moved into a folder before-restore-… inside of the data folder, for you to delete.`,
		Example: `  nestbox restore /mnt/usb/nestbox-2026-05-01.tar`,
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.restoreFrom(cmd, args[0], force)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "replace the data of a folder that is not empty")
	return cmd
}

func (p *program) restoreFrom(cmd *cobra.Command, file string, force bool) (err error) {
	s, err := p.settings(cmd)
	if err != nil {
		return err
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("open backup: %w", err)
	}
	dir, err := datadir.Open(s.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	there, err := archive.Occupied(dir.Path)
	if err != nil {
		return err
	}
	if len(there) > 0 && !force {
		return fmt.Errorf("%s holds data already (%s): use --force to put it aside, or name another folder with --data", dir.Path, there[0])
	}

	if err := removeLeftovers(dir.Path); err != nil {
		return err
	}
	staged, err := os.MkdirTemp(string(dir.Path), stagedPrefix)
	if err != nil {
		return fmt.Errorf("make folder to restore into: %w", err)
	}
	defer func() {
		if rm := os.RemoveAll(staged); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
			err = errors.Join(err, rm)
		}
	}()
	m, err := archive.Extract(cmd.Context(), file, staged)
	if err != nil {
		return err
	}
	aside := filepath.Join(string(dir.Path), "before-restore-"+p.now().Format("20060102-150405"))
	if err := archive.Install(dir.Path, staged, aside); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Restored the backup of %s: %d pictures, %s.\n", m.CreatedAt.Local().Format("2006-01-02 15:04"), m.Pictures(), doctor.Bytes(m.Bytes()))
	if len(there) > 0 {
		fmt.Fprintf(p.stdout, "The former data is in %s; delete it when all is well.\n", aside)
	}
	return nil
}

const stagedPrefix = ".restore-"

// removeLeftovers removes what a restore that was killed had unpacked. The folder's lock says that none is under way.
func removeLeftovers(folder datadir.Path) error {
	entries, err := os.ReadDir(string(folder))
	if err != nil {
		return fmt.Errorf("look for leftovers of a restore: %w", err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), stagedPrefix) {
			continue
		}
		if err := os.RemoveAll(folder.In(e.Name())); err != nil {
			return fmt.Errorf("remove leftovers of a restore: %w", err)
		}
	}
	return nil
}
