// Package datadir owns the layout of the folder in which one hub keeps everything, and the lock that keeps a second hub out
// of it. It opens no database and reads no picture: it only says where they are.
//
//	<data>/
//	  nestbox.lock     held by flock while a program works on the folder; contains its process id
//	  token.key        the key that signs device tokens, PKCS#8 PEM, 0600
//	  registry.db      devices, credentials, operators, commands      (and -wal, -shm beside each while in use)
//	  telemetry.db     events, boots, presence
//	  media.db         the index of the pictures
//	  pictures/        the pictures; incoming/ below it holds uploads that are under way
//	  thumbnails/      made on demand; may be deleted at any time
//	  restore-under-way  only between the first and the last rename of a restore
//	  run/             0700; nestbox.sock, by which `nestbox devices` talks to a running hub
package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Names of what is in the folder. A backup contains the first five.
const (
	TokenKey    = "token.key"
	RegistryDB  = "registry.db"
	TelemetryDB = "telemetry.db"
	MediaDB     = "media.db"
	Pictures    = "pictures"

	Thumbnails = "thumbnails"
	lockFile   = "nestbox.lock"
	runFolder  = "run"
	restoring  = "restore-under-way"
	socketFile = "nestbox.sock"
)

// Path is the place of a data folder. Its methods do not touch the disk.
type Path string

// In gives the path of one of the names of this package.
func (p Path) In(name string) string { return filepath.Join(string(p), name) }

// RunFolder holds what lives no longer than the process.
func (p Path) RunFolder() string { return p.In(runFolder) }

// Socket is where the running hub answers its owner.
func (p Path) Socket() string { return filepath.Join(p.RunFolder(), socketFile) }

// Default gives the folder used when none was named: systemd's state folder, else $XDG_DATA_HOME/nestbox, else
// ~/.local/share/nestbox. It fails when the environment tells none of them.
func Default(getenv func(string) string) (string, error) {
	// A unit with StateDirectory=nestbox names exactly one folder; a list of several is not for us to choose from.
	if d := getenv("STATE_DIRECTORY"); filepath.IsAbs(d) && len(filepath.SplitList(d)) == 1 {
		return d, nil
	}
	if d := getenv("XDG_DATA_HOME"); filepath.IsAbs(d) { // relative values are to be ignored, says the XDG specification
		return filepath.Join(d, "nestbox"), nil
	}
	if d := getenv("HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, ".local", "share", "nestbox"), nil
	}
	return "", errors.New("no folder for the data is known: set NESTBOX_DATA or --data")
}

// Exists tells whether a hub ever started on the folder, with the reason when it did not.
func (p Path) Exists() error {
	info, err := os.Stat(string(p))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s does not exist: no hub ever started there; check --data or NESTBOX_DATA", p)
	}
	if err != nil {
		return fmt.Errorf("look at data folder: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", p)
	}
	if _, err := os.Stat(p.In(RegistryDB)); err != nil {
		return fmt.Errorf("%s holds no hub's data: check --data or NESTBOX_DATA (%w)", p, err)
	}
	return nil
}
