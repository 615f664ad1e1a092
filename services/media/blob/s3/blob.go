package s3

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"
)

// blob reads an object from any offset.
type blob struct {
	ctx    context.Context //nolint:containedctx // a Reader has no argument for it
	bucket *Bucket
	key    string
	etag   string
	size   int64
	at     int64
	body   io.ReadCloser // from at on; nil until the next Read asks for it
}

func (b *blob) Size() int64 { return b.size }

// Read implements io.Reader. It asks for the version that was opened, so that parts
// of two never mix.
func (b *blob) Read(p []byte) (int, error) {
	if b.at >= b.size {
		return 0, io.EOF
	}
	if b.body == nil {
		var opts minio.GetObjectOptions
		if err := errors.Join(opts.SetRange(b.at, b.size-1), opts.SetMatchETag(b.etag)); err != nil {
			return 0, fmt.Errorf("read object %s: %w", b.key, err)
		}
		body, _, _, err := b.bucket.core.GetObject(b.ctx, b.bucket.name, b.key, opts)
		if err != nil {
			return 0, fmt.Errorf("read object %s: %w", b.key, translate(err))
		}
		b.body = body
	}
	n, err := b.body.Read(p)
	b.at += int64(n)
	switch {
	case errors.Is(err, io.EOF) && b.at < b.size:
		return n, fmt.Errorf("read object %s: %w", b.key, io.ErrUnexpectedEOF)
	case err != nil && !errors.Is(err, io.EOF):
		return n, fmt.Errorf("read object %s: %w", b.key, translate(err))
	}
	return n, err //nolint:wrapcheck // io.EOF must stay io.EOF
}

// Seek implements io.Seeker.
func (b *blob) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the start of an object")
	}
	if offset != b.at {
		b.at = offset
		return offset, b.Close()
	}
	return offset, nil
}

// Close implements io.Closer. It may be called more than once.
func (b *blob) Close() error {
	if b.body == nil {
		return nil
	}
	body := b.body
	b.body = nil
	return body.Close()
}
