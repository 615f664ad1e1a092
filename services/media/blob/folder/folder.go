// Package folder keeps bytes as files of one folder.
//
//	<root>/incoming/<process>-<n>.part    uploads under way
//	<root>/<first 6 digits of the id>/<id>.jpg
//
// Ids are UUIDv7 and begin with the time, so a subfolder holds the pictures of
// 2^24 ms (4.7 hours): it stays small, the order of names is the order of ids, and
// what is old lies together. A file is durable before anybody learns of it: fsync,
// rename, fsync of the folder. It owns the layout and knows nothing of pictures.
package folder

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"home.arpa/nestbox/services/media"
)

const (
	incoming   = "incoming"
	partSuffix = ".part"
	fileSuffix = ".jpg"
	shardChars = 6
)

// Folder implements media.Blobs.
type Folder struct {
	root    *os.Root
	process string // tells our staged files from those of other processes
	staged  atomic.Uint64
	durable sync.Map // subfolders whose own names are synced
	// create makes a staged file; tests put one in its place that runs out of room.
	create func(name string) (file, error)
}

var _ media.Blobs = (*Folder)(nil)

// file is what is needed of *os.File.
type file interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// Open makes path with its parents, for its owner only, and returns it as a Folder.
// Close ends it.
func Open(path string) (*Folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open folder %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Join(path, incoming), 0o700); err != nil {
		return nil, fmt.Errorf("make folder %s: %w", path, err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("open folder %s: %w", path, err)
	}
	f := &Folder{root: root, process: rand.Text()}
	f.create = f.createFile
	// The folder itself must survive a power cut, not only what is in it.
	if err := errors.Join(f.syncDir("."), syncParent(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("open folder %s: %w", path, err), root.Close())
	}
	return f, nil
}

// Close lets go of the folder. Blobs that are open stay readable.
func (f *Folder) Close() error { return f.root.Close() }

// place returns the subfolder of id and its name within the root.
func place(id string) (shard, name string, err error) {
	if err := media.CheckPictureID(id); err != nil {
		return "", "", err
	}
	shard = id[:shardChars]
	return shard, shard + "/" + id + fileSuffix, nil
}

// Open implements media.Blobs.
func (f *Folder) Open(_ context.Context, id string) (media.Blob, error) {
	_, name, err := place(id)
	if err != nil {
		return nil, err
	}
	opened, err := f.root.Open(name)
	if err != nil {
		return nil, absent(fmt.Errorf("open blob: %w", err))
	}
	info, err := opened.Stat()
	if err != nil {
		return nil, errors.Join(translate(fmt.Errorf("open blob: %w", err)), opened.Close())
	}
	return blob{File: opened, size: info.Size()}, nil
}

type blob struct {
	*os.File
	size int64
}

func (b blob) Size() int64 { return b.size }

// Size implements media.Blobs.
func (f *Folder) Size(_ context.Context, id string) (int64, error) {
	_, name, err := place(id)
	if err != nil {
		return 0, err
	}
	info, err := f.root.Lstat(name)
	if err != nil {
		return 0, absent(fmt.Errorf("look at blob: %w", err))
	}
	return info.Size(), nil
}

// Remove implements media.Blobs. Each subfolder is synced once, so the oldest
// hundred cost one or two waits for the disk and not a hundred.
func (f *Folder) Remove(_ context.Context, ids []string) error {
	shards := map[string]bool{}
	for _, id := range ids {
		shard, name, err := place(id)
		if err != nil {
			return err
		}
		switch err := f.root.Remove(name); {
		case err == nil:
			shards[shard] = true
		case !errors.Is(err, fs.ErrNotExist):
			return translate(fmt.Errorf("remove blob: %w", err))
		}
	}
	for shard := range shards {
		if err := f.syncDir(shard); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return translate(err)
		}
		// Fails while anything is left in it, which is most of the time.
		if f.root.Remove(shard) == nil {
			f.durable.Delete(shard)
		}
	}
	return nil
}

// Ping implements media.Blobs.
func (f *Folder) Ping(context.Context) error {
	_, err := f.root.Stat(incoming)
	return translate(err)
}

// syncDir makes the names in a subfolder durable.
func (f *Folder) syncDir(name string) error {
	d, err := f.root.Open(name)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return nil
}

func syncParent(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("sync parent folder: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync parent folder: %w", err)
	}
	return nil
}
