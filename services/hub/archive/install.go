package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"home.arpa/nestbox/services/hub/datadir"
)

// contents is all that a restore replaces; SQLite's companions must never meet a database that they do not belong to.
var contents = []string{
	datadir.TokenKey, datadir.Pictures, datadir.Thumbnails,
	datadir.RegistryDB, datadir.RegistryDB + "-wal", datadir.RegistryDB + "-shm",
	datadir.TelemetryDB, datadir.TelemetryDB + "-wal", datadir.TelemetryDB + "-shm",
	datadir.MediaDB, datadir.MediaDB + "-wal", datadir.MediaDB + "-shm",
}

// Occupied lists what a restore would replace in the folder.
func Occupied(folder datadir.Path) ([]string, error) {
	var there []string
	for _, name := range contents {
		_, err := os.Lstat(folder.In(name))
		switch {
		case err == nil:
			there = append(there, name)
		case !errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("look into data folder: %w", err)
		}
	}
	return there, nil
}

// Install moves the files of staged, which Extract filled and which lies inside of the locked folder, to their places. What
// is there already goes to aside, also inside of the folder, so that renaming always stays on one file system: the folder
// itself may be a mount point. When it ends half-way, everything is in one of the three places, nothing was deleted, and a
// mark keeps a hub from starting on half of its data until a restore went through.
func Install(folder datadir.Path, staged, aside string) error {
	old, err := Occupied(folder)
	if err != nil {
		return err
	}
	if err := folder.MarkRestore(); err != nil {
		return err
	}
	if len(old) > 0 {
		if err := os.Mkdir(aside, 0o700); err != nil {
			return fmt.Errorf("make folder for the former data: %w", err)
		}
	}
	for _, name := range old {
		if err := os.Rename(folder.In(name), filepath.Join(aside, name)); err != nil {
			return fmt.Errorf("put former data aside: %w", err)
		}
	}
	entries, err := os.ReadDir(staged)
	if err != nil {
		return fmt.Errorf("list restored data: %w", err)
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(staged, e.Name()), folder.In(e.Name())); err != nil {
			return fmt.Errorf("put restored data in place: %w", err)
		}
	}
	if err := os.Remove(staged); err != nil {
		return fmt.Errorf("remove empty folder: %w", err)
	}
	if err := syncFolder(string(folder)); err != nil {
		return err
	}
	return folder.ClearRestore()
}
