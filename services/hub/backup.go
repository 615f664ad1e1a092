package hub

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"home.arpa/nestbox/services/hub/archive"
	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/folder"
	mediasqlite "home.arpa/nestbox/services/media/sqlite"
)

// Saved is what a backup contains.
type Saved struct {
	archive.Manifest
	// Missing are pictures that the index has and the folder has not, for no reason that the ledger gives.
	Missing []string
}

// Backup writes the archive dst of a hub's folder, which may be in use. Each database is copied as of one moment (VACUUM
// INTO), by this process: the hub's own memory is not needed for it.
//
// The databases are copied in the order in which one refers to another, so that whatever a copy refers to is in the later
// copy: pictures name events and devices, events name devices. Pictures that are deleted while their files are copied are
// deleted in the copy of the index too, with the reason that the running hub's ledger gives.
func Backup(ctx context.Context, data datadir.Path, dst, version string) (_ Saved, err error) {
	dst, err = filepath.Abs(dst)
	if err != nil {
		return Saved{}, fmt.Errorf("find %s: %w", dst, err)
	}
	scratch, err := os.MkdirTemp(filepath.Dir(dst), ".nestbox-backup-")
	if err != nil {
		return Saved{}, fmt.Errorf("make folder for copies: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	w, err := archive.Create(dst, version, time.Now())
	if err != nil {
		return Saved{}, err
	}
	defer w.Abort()

	missing, err := savePictures(ctx, w, data, scratch)
	if err != nil {
		return Saved{}, err
	}
	for _, name := range []string{datadir.TelemetryDB, datadir.RegistryDB} {
		copied := filepath.Join(scratch, name)
		if err := snapshot(ctx, data.In(name), copied); err != nil {
			return Saved{}, err
		}
		if err := w.Add(ctx, name, copied); err != nil {
			return Saved{}, err
		}
	}
	if err := w.Add(ctx, datadir.TokenKey, data.In(datadir.TokenKey)); err != nil {
		return Saved{}, err
	}
	m, err := w.Commit()
	return Saved{Manifest: m, Missing: missing}, err
}

// snapshot copies a database that may be in use.
func snapshot(ctx context.Context, path, to string) (err error) {
	if _, err := os.Stat(path); err != nil { // opening would create it
		return fmt.Errorf("copy database: %w", err)
	}
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }() //nolint:contextcheck // what was opened is closed also when ctx has ended
	return db.BackupTo(ctx, to)
}

// savePictures adds the index and the files that it owns. It returns pictures that are lost.
func savePictures(ctx context.Context, w *archive.Writer, data datadir.Path, scratch string) (missing []string, err error) {
	copied := filepath.Join(scratch, datadir.MediaDB)
	begin := time.Now()
	if err := snapshot(ctx, data.In(datadir.MediaDB), copied); err != nil {
		return nil, err
	}
	err = withIndex(ctx, copied, func(index *mediasqlite.Store) error {
		gone, err := storedIDs(ctx, index)
		if err != nil {
			return err
		}
		if err := addFiles(ctx, w, data, gone); err != nil {
			return err
		}
		if len(gone) == 0 {
			return nil
		}
		missing, err = bury(ctx, index, gone, data, filepath.Join(scratch, "after.db"), begin)
		return err
	})
	if err != nil {
		return nil, err
	}
	return missing, w.Add(ctx, datadir.MediaDB, copied)
}

// withIndex lets use work on a copy of the index and closes it, so that the copy is one file again.
func withIndex(ctx context.Context, path string, use func(*mediasqlite.Store) error) (err error) {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }() //nolint:contextcheck // what was opened is closed also when ctx has ended
	index, err := mediasqlite.New(ctx, db)
	if err != nil {
		return err
	}
	return use(index)
}

const pageSize = 500

// storedIDs are all pictures that the index calls stored.
func storedIDs(ctx context.Context, index *mediasqlite.Store) (map[string]bool, error) {
	ids := make(map[string]bool)
	err := eachPicture(ctx, index, func(p media.Picture) {
		if p.State == media.StateStored {
			ids[p.ID] = true
		}
	})
	return ids, err
}

// eachPicture reads the whole index.
func eachPicture(ctx context.Context, index *mediasqlite.Store, use func(media.Picture)) error {
	for after := ""; ; {
		page, err := index.Page(ctx, after, pageSize)
		if err != nil {
			return err
		}
		for _, p := range page {
			use(p)
			after = p.ID
		}
		if len(page) < pageSize {
			return nil
		}
	}
}

// addFiles adds the files of ids and takes those that were found out of the set.
func addFiles(ctx context.Context, w *archive.Writer, data datadir.Path, ids map[string]bool) (err error) {
	root := data.In(datadir.Pictures)
	files, err := folder.Open(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	return files.Walk(ctx, func(e media.Entry) error {
		if !ids[e.ID] {
			return nil
		}
		err := w.Add(ctx, datadir.Pictures+"/"+e.Name, filepath.Join(root, filepath.FromSlash(e.Name)))
		if errors.Is(err, fs.ErrNotExist) {
			return nil // deleted between Walk and now
		}
		delete(ids, e.ID)
		return err
	})
}

// bury deletes from the copied index what the hub deleted since the copy was made at begin, as its ledger has it by now. It
// returns those of gone of which the ledger knows nothing.
func bury(ctx context.Context, index *mediasqlite.Store, gone map[string]bool, data datadir.Path, after string, begin time.Time) ([]string, error) {
	if err := snapshot(ctx, data.In(datadir.MediaDB), after); err != nil {
		return nil, err
	}
	err := withIndex(ctx, after, func(later *mediasqlite.Store) error {
		return eachDeletion(ctx, later, begin, func(d media.Deletion) error {
			if !gone[d.PictureID] {
				return nil
			}
			delete(gone, d.PictureID)
			ids := []string{d.PictureID}
			if _, err := index.Condemn(ctx, ids, media.Verdict{Reason: d.Reason, At: d.DeletedAt, By: media.Actor{Name: d.DeletedBy}}); err != nil {
				return err
			}
			return index.Erase(ctx, ids)
		})
	})
	var missing []string
	for id := range gone {
		missing = append(missing, id)
	}
	slices.Sort(missing)
	return missing, err
}

// clockStep is how far the hub's clock and ours, which are one, may have been set between two of their readings.
const clockStep = time.Hour

// eachDeletion goes through the ledger back to begin.
func eachDeletion(ctx context.Context, index *mediasqlite.Store, begin time.Time, use func(media.Deletion) error) error {
	page := media.Page{Limit: pageSize}
	for {
		list, err := index.Deletions(ctx, page)
		if err != nil {
			return err
		}
		for _, d := range list {
			if d.DeletedAt.Before(begin.Add(-clockStep)) {
				return nil
			}
			if err := use(d); err != nil {
				return err
			}
			page.After = media.Position{At: d.DeletedAt, ID: d.PictureID}
		}
		if len(list) < pageSize {
			return nil
		}
	}
}
