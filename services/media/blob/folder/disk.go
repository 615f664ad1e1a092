package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

// Free implements media.Blobs: what the disk has left for us, without the part that
// is kept for root.
func (f *Folder) Free(context.Context) (int64, bool, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(f.root.Name(), &st); err != nil {
		return 0, false, translate(fmt.Errorf("ask disk for free space: %w", err))
	}
	//nolint:unconvert // the types differ between systems and processors
	return int64(st.Bavail) * int64(st.Bsize), true, nil
}

// diskRetry is the advice when the disk fails: somebody has to look at it.
const diskRetry = 30 * time.Second

// translate names what a disk does to us. nil stays nil. A name that is missing where
// none should be is a disk that was taken away; see absent for the other case.
func translate(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return errors.Join(media.ErrFull, err)
	case errors.Is(err, syscall.EIO), errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission),
		errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return fault.Wrap(err, fault.Unavailable, "The hub cannot use the disk that holds the pictures. Check the disk, then try again.").After(diskRetry)
	}
	return err
}

// absent is translate for looking at one blob.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", media.ErrNoBlob, err)
	}
	return translate(err)
}
