package datadir

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// MarkRestore notes on the disk that the folder's contents are being replaced.
func (p Path) MarkRestore() error {
	f, err := os.OpenFile(p.In(restoring), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("mark restore: %w", err)
	}
	folder, err := os.Open(string(p))
	if err != nil {
		f.Close()
		return fmt.Errorf("mark restore: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close(), folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("mark restore: %w", err)
	}
	return nil
}

// ClearRestore takes the mark away.
func (p Path) ClearRestore() error {
	if err := os.Remove(p.In(restoring)); err != nil {
		return fmt.Errorf("clear mark of restore: %w", err)
	}
	return nil
}

// Whole fails when a restore was interrupted: a hub that started now would make new, empty databases beside the old data.
func (p Path) Whole() error {
	_, err := os.Lstat(p.In(restoring))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return errors.Join(fmt.Errorf("a restore into %s was interrupted: run `nestbox restore --force FILE` again", p), err)
}
