package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/minio/minio-go/v7"

	"home.arpa/nestbox/services/media"
)

// staged implements media.Staged on a local file without a name.
type staged struct {
	blobs *Blobs
	file  *os.File
	size  int64
	done  bool
}

// Stage implements media.Blobs. The file loses its name at once: the system frees it
// when it is closed, by us or by the end of the process.
func (b *Blobs) Stage(context.Context) (media.Staged, error) {
	f, err := os.CreateTemp(b.bucket.spool, "nestbox-upload-")
	if err != nil {
		return nil, local(fmt.Errorf("stage object: %w", err))
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(local(fmt.Errorf("stage object: %w", err)), f.Close())
	}
	return &staged{blobs: b, file: f}, nil
}

// Write implements media.Staged.
func (s *staged) Write(p []byte) (int, error) {
	n, err := s.file.Write(p)
	s.size += int64(n)
	if err != nil {
		return n, errors.Join(local(fmt.Errorf("write object: %w", err)), s.Discard())
	}
	return n, nil
}

// Commit implements media.Staged.
func (s *staged) Commit(ctx context.Context, id string) error {
	if s.done {
		return errors.New("commit object: it was committed or discarded before")
	}
	defer s.Discard() //nolint:errcheck // the file has no name, so nothing is left
	key, err := s.blobs.key(id)
	if err != nil {
		return err
	}
	if _, err := s.file.Seek(0, io.SeekStart); err != nil {
		return local(fmt.Errorf("rewind object: %w", err))
	}
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	_, err = s.blobs.bucket.core.Client.PutObject(ctx, s.blobs.bucket.name, key, s.file, s.size, minio.PutObjectOptions{
		ContentType: "image/jpeg", SendContentMd5: true, DisableMultipart: true,
	})
	if err != nil {
		return fmt.Errorf("put object %s: %w", key, translate(err))
	}
	return nil
}

// Discard implements media.Staged.
func (s *staged) Discard() error {
	if s.done {
		return nil
	}
	s.done = true
	if err := s.file.Close(); err != nil {
		return fmt.Errorf("discard object: %w", err)
	}
	return nil
}

// local names what the spool's disk does to us.
func local(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errors.Join(media.ErrFull, err)
	}
	return err
}
