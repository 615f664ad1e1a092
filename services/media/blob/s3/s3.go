// Package s3 keeps bytes as objects of a bucket: AWS, MinIO, Garage, Ceph and every
// other server that speaks S3.
//
//	<prefix><id>.jpg
//
// S3 has no rename, and needs none: an object appears whole or not at all, and is
// durable when the PUT is answered. Until then the bytes wait in a local file that
// has no name any more, so a crash leaves nothing behind. The server verifies the
// Content-MD5 of each PUT.
package s3

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"home.arpa/nestbox/services/media"
)

const (
	suffix = ".jpg"
	// quick bounds an operation without a body; a bucket that takes longer is away.
	quick = 5 * time.Second
	// slow bounds one with a body, at most a picture.
	slow = 15 * time.Second
	// listing bounds one walk over a bucket: a million objects are a thousand requests.
	listing = 10 * time.Minute

	dialTimeout = time.Second
	// attempts per request; minio-go's default of 10 would keep a camera waiting.
	attempts = 2
)

// Config says where the bucket is.
type Config struct {
	Endpoint  string // host or host:port
	UseTLS    bool
	Region    string // empty: us-east-1, which servers at home ignore
	Bucket    string
	AccessKey string
	SecretKey string // must not be logged
	// Spool is the folder for uploads under way, with room for a picture each. Empty:
	// the system's temporary folder.
	Spool string
}

// Bucket is a connection to one bucket. Prefix gives Blobs in it.
type Bucket struct {
	core      *minio.Core
	transport *http.Transport
	name      string
	region    string
	spool     string
}

// Open makes the client. It reports a configuration that cannot be right, and
// connects only when first used. Close ends it.
func Open(cfg Config) (*Bucket, error) {
	region := cfg.Region
	if region == "" {
		region = "us-east-1"
	}
	transport, err := minio.DefaultTransport(cfg.UseTLS)
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", cfg.Bucket, err)
	}
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}).DialContext
	transport.TLSHandshakeTimeout = 2 * time.Second
	transport.ResponseHeaderTimeout = slow
	core, err := minio.NewCore(cfg.Endpoint, &minio.Options{
		Creds: credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""), Secure: cfg.UseTLS,
		Region: region, Transport: transport, MaxRetries: attempts,
	})
	if err != nil {
		return nil, fmt.Errorf("open bucket %s: %w", cfg.Bucket, err)
	}
	return &Bucket{core: core, transport: transport, name: cfg.Bucket, region: region, spool: cfg.Spool}, nil
}

// Close ends idle connections.
func (b *Bucket) Close() { b.transport.CloseIdleConnections() }

// Create makes the bucket when it is missing. It is for a deployment's migrate step.
func (b *Bucket) Create(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	exists, err := b.core.BucketExists(ctx, b.name)
	if err == nil && !exists {
		err = b.core.MakeBucket(ctx, b.name, minio.MakeBucketOptions{Region: b.region})
	}
	if err != nil && minio.ToErrorResponse(err).Code != "BucketAlreadyOwnedByYou" {
		return fmt.Errorf("create bucket %s: %w", b.name, translate(err))
	}
	return nil
}

// Prefix returns the part of the bucket whose keys begin with prefix, such as
// "pictures/".
func (b *Bucket) Prefix(prefix string) *Blobs { return &Blobs{bucket: b, prefix: prefix} }

// Blobs implements media.Blobs.
type Blobs struct {
	bucket *Bucket
	prefix string
}

var _ media.Blobs = (*Blobs)(nil)

func (b *Blobs) key(id string) (string, error) {
	if err := media.CheckPictureID(id); err != nil {
		return "", err
	}
	return b.prefix + id + suffix, nil
}

// stat asks for an object's size and ETag.
func (b *Blobs) stat(ctx context.Context, id string) (key string, info minio.ObjectInfo, err error) {
	if key, err = b.key(id); err != nil {
		return "", info, err
	}
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	info, err = b.bucket.core.StatObject(ctx, b.bucket.name, key, minio.StatObjectOptions{})
	if err != nil {
		return "", info, fmt.Errorf("look at object %s: %w", key, translate(err))
	}
	return key, info, nil
}

// Size implements media.Blobs.
func (b *Blobs) Size(ctx context.Context, id string) (int64, error) {
	_, info, err := b.stat(ctx, id)
	return info.Size, err
}

// Open implements media.Blobs. The bytes are asked for at the first Read, so that a
// caller who finds that it need not read costs one small request. ctx must live as
// long as the Blob.
func (b *Blobs) Open(ctx context.Context, id string) (media.Blob, error) {
	key, info, err := b.stat(ctx, id)
	if err != nil {
		return nil, err
	}
	return &blob{ctx: ctx, bucket: b.bucket, key: key, etag: info.ETag, size: info.Size}, nil
}

// Remove implements media.Blobs.
func (b *Blobs) Remove(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	keys := make([]minio.ObjectInfo, 0, len(ids))
	for _, id := range ids {
		key, err := b.key(id)
		if err != nil {
			return err
		}
		keys = append(keys, minio.ObjectInfo{Key: key})
	}
	ctx, cancel := context.WithTimeout(ctx, slow)
	defer cancel()
	results, err := b.bucket.core.RemoveObjectsWithIter(ctx, b.bucket.name, values(keys), minio.RemoveObjectsOptions{})
	if err != nil {
		return fmt.Errorf("remove %d objects: %w", len(ids), translate(err))
	}
	done := 0
	for r := range results {
		done++
		if err := translate(r.Err); err != nil && !errors.Is(err, media.ErrNoBlob) {
			return fmt.Errorf("remove object %s: %w", r.ObjectName, err)
		}
	}
	// The iterator ends without a word when the context does.
	if err := ctx.Err(); err != nil && done < len(ids) {
		return fmt.Errorf("remove %d objects: %w", len(ids), translate(err))
	}
	return nil
}

func values(keys []minio.ObjectInfo) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		for _, k := range keys {
			if !yield(k) {
				return
			}
		}
	}
}

// Walk implements media.Blobs. S3 lists in order of key, a thousand at a time.
func (b *Blobs) Walk(ctx context.Context, fn func(media.Entry) error) error {
	ctx, cancel := context.WithTimeout(ctx, listing)
	defer cancel()
	for o := range b.bucket.core.ListObjectsIter(ctx, b.bucket.name, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true}) {
		if o.Err != nil {
			return fmt.Errorf("list objects: %w", translate(o.Err))
		}
		e := media.Entry{Name: o.Key, Size: o.Size}
		name, ours := strings.CutPrefix(o.Key, b.prefix)
		id, isPicture := strings.CutSuffix(name, suffix)
		if ours && isPicture && media.CheckPictureID(id) == nil {
			e.ID = id
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("list objects: %w", translate(err))
	}
	return nil
}

// Sweep implements media.Blobs. There is nothing to sweep: see Stage.
func (b *Blobs) Sweep(context.Context) (int, error) { return 0, nil }

// Free implements media.Blobs. S3 does not tell.
func (b *Blobs) Free(context.Context) (int64, bool, error) { return 0, false, nil }

// Ping implements media.Blobs.
func (b *Blobs) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	exists, err := b.bucket.core.BucketExists(ctx, b.bucket.name)
	if err != nil {
		return fmt.Errorf("look for bucket %s: %w", b.bucket.name, translate(err))
	}
	if !exists {
		return fmt.Errorf("bucket %s does not exist: run \"media migrate\"", b.bucket.name)
	}
	return nil
}
