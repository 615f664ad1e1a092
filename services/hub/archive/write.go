package archive

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Writer makes one archive. Nothing is at its final name before Commit returned nil. Not safe for concurrent use.
type Writer struct {
	dst      string
	file     *os.File
	buffer   *bufio.Writer
	gzip     *gzip.Writer // nil when plain
	tar      *tar.Writer
	manifest Manifest
}

// Create begins the archive dst of the program version at the time now. The file has mode 0600: it contains the signing key.
func Create(dst, version string, now time.Time) (*Writer, error) {
	file, err := os.CreateTemp(filepath.Dir(dst), "."+filepath.Base(dst)+".partial-*")
	if err != nil {
		return nil, fmt.Errorf("create backup: %w", err)
	}
	w := &Writer{dst: dst, file: file, buffer: bufio.NewWriterSize(file, 256<<10)}
	var out io.Writer = w.buffer
	if compressed(dst) {
		w.gzip, _ = gzip.NewWriterLevel(out, gzip.BestSpeed) // the error is for levels out of range
		out = w.gzip
	}
	w.tar = tar.NewWriter(out)
	w.manifest = Manifest{Format: format, Version: version, CreatedAt: now.UTC()}
	return w, nil
}

// Add copies the file at path into the archive as name. A file that is not there gives an error that is fs.ErrNotExist, and
// the archive goes on as if it had not been asked for.
func (w *Writer) Add(ctx context.Context, name, path string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkName(name); err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("add %s to backup: %w", name, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("add %s to backup: %w", name, err)
	}
	if err := w.header(name, info.Size()); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.CopyN(io.MultiWriter(w.tar, sum), f, info.Size()); err != nil {
		return fmt.Errorf("copy %s into backup: %w", name, err)
	}
	w.manifest.Files = append(w.manifest.Files, Entry{Name: name, Bytes: info.Size(), SHA256: hex.EncodeToString(sum.Sum(nil))})
	return nil
}

func (w *Writer) header(name string, size int64) error {
	h := tar.Header{Name: name, Mode: 0o600, Size: size, ModTime: w.manifest.CreatedAt, Typeflag: tar.TypeReg}
	if err := w.tar.WriteHeader(&h); err != nil {
		return fmt.Errorf("begin %s in backup: %w", name, err)
	}
	return nil
}

// Commit writes the manifest, makes sure that all is on the disk and gives the archive its name. An older file of the name
// is replaced.
func (w *Writer) Commit() (Manifest, error) {
	text, err := json.Marshal(w.manifest)
	if err != nil {
		return Manifest{}, fmt.Errorf("write manifest of backup: %w", err)
	}
	if err := w.header(manifestName, int64(len(text))); err != nil {
		return Manifest{}, err
	}
	if _, err := w.tar.Write(text); err != nil {
		return Manifest{}, fmt.Errorf("write manifest of backup: %w", err)
	}
	closers := []func() error{w.tar.Close}
	if w.gzip != nil {
		closers = append(closers, w.gzip.Close)
	}
	for _, finish := range append(closers, w.buffer.Flush, w.file.Sync, w.file.Close) {
		if err := finish(); err != nil {
			return Manifest{}, fmt.Errorf("finish backup: %w", err)
		}
	}
	if err := os.Rename(w.file.Name(), w.dst); err != nil {
		return Manifest{}, fmt.Errorf("name backup: %w", err)
	}
	return w.manifest, syncFolder(filepath.Dir(w.dst))
}

// Abort removes what was written so far. After Commit it does nothing.
func (w *Writer) Abort() {
	_ = w.file.Close()
	_ = os.Remove(w.file.Name()) // renamed by Commit, or of no use
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("sync folder %s: %w", path, err)
	}
	return nil
}
