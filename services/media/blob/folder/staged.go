package folder

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"home.arpa/nestbox/services/media"
)

// commitAttempts bounds how often a subfolder may vanish between being made and
// being used: Remove takes empty ones away.
const commitAttempts = 3

// staged implements media.Staged.
type staged struct {
	folder *Folder
	name   string
	file   file
	done   bool
}

// Stage implements media.Blobs.
func (f *Folder) Stage(context.Context) (media.Staged, error) {
	name := incoming + "/" + f.process + "-" + strconv.FormatUint(f.staged.Add(1), 10) + partSuffix
	created, err := f.create(name)
	if err != nil {
		return nil, translate(fmt.Errorf("stage blob: %w", err))
	}
	return &staged{folder: f, name: name, file: created}, nil
}

// createFile makes a new file and locks it, so that another process that shares the
// folder (an upgrade, where old and new overlap) sees that it is in use.
func (f *Folder) createFile(name string) (file, error) {
	created, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(created.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, created.Close(), f.root.Remove(name))
	}
	return created, nil
}

// Write implements media.Staged.
func (s *staged) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	if err != nil {
		return n, errors.Join(translate(fmt.Errorf("write blob: %w", err)), s.Discard())
	}
	return n, nil
}

// Commit implements media.Staged.
func (s *staged) Commit(_ context.Context, id string) error {
	if s.done {
		return errors.New("commit blob: it was committed or discarded before")
	}
	shard, name, err := place(id)
	if err == nil {
		err = s.move(shard, name)
	}
	if err != nil {
		return errors.Join(translate(fmt.Errorf("commit blob: %w", err)), s.Discard())
	}
	s.done = true
	return s.file.Close()
}

// move makes the content durable, then its name.
func (s *staged) move(shard, name string) error {
	if err := s.file.Sync(); err != nil {
		return err
	}
	root := s.folder.root
	for attempt := 1; ; attempt++ {
		made := root.Mkdir(shard, 0o700)
		if made != nil && !errors.Is(made, fs.ErrExist) {
			return made
		}
		err := root.Rename(s.name, name)
		if errors.Is(err, fs.ErrNotExist) && attempt < commitAttempts {
			continue
		}
		if err != nil {
			return err
		}
		return s.folder.settle(shard, made == nil)
	}
}

// settle makes the names in a subfolder durable, and its own name when it may be new:
// when another upload made it, that one may not have synced it yet.
func (f *Folder) settle(shard string, isNew bool) error {
	if err := f.syncDir(shard); err != nil {
		return err
	}
	if _, known := f.durable.Load(shard); known && !isNew {
		return nil
	}
	if err := f.syncDir("."); err != nil {
		return err
	}
	f.durable.Store(shard, nil)
	return nil
}

// Discard implements media.Staged.
func (s *staged) Discard() error {
	if s.done {
		return nil
	}
	s.done = true
	err := s.file.Close()
	if rerr := s.folder.root.Remove(s.name); rerr != nil && !errors.Is(rerr, fs.ErrNotExist) {
		err = errors.Join(err, rerr)
	}
	if err != nil {
		return fmt.Errorf("discard blob: %w", err)
	}
	return nil
}

// Sweep implements media.Blobs. A file of another process that nobody holds a lock on
// is a dead one's.
func (f *Folder) Sweep(context.Context) (int, error) {
	entries, err := fs.ReadDir(f.root.FS(), incoming)
	if err != nil {
		return 0, translate(fmt.Errorf("list staging: %w", err))
	}
	removed := 0
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), partSuffix) || strings.HasPrefix(e.Name(), f.process+"-") || !e.Type().IsRegular() {
			continue
		}
		ok, err := f.sweep(incoming + "/" + e.Name())
		if err != nil {
			return removed, translate(fmt.Errorf("sweep staging: %w", err))
		}
		if ok {
			removed++
		}
	}
	return removed, nil
}

func (f *Folder) sweep(name string) (bool, error) {
	opened, err := f.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer opened.Close()
	if err := syscall.Flock(int(opened.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return false, nil // held: its process lives
	}
	return true, f.root.Remove(name)
}
