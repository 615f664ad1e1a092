package s3

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

// retryAfter is the advice while the bucket is away.
const retryAfter = 5 * time.Second

// translate names what a bucket does to us. Whatever goes wrong there is never the
// caller's doing and may be mended (the server is down, a key was rotated, the bucket
// is missing), so all but "no such object" and "full" is fault.Unavailable; the log
// has the code. nil stays nil, and so does the end of the caller's own context.
func translate(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	var e minio.ErrorResponse
	if errors.As(err, &e) {
		switch e.Code {
		case "NoSuchKey":
			return errors.Join(media.ErrNoBlob, err)
		case "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage", "EntityQuotaExceeded":
			return errors.Join(media.ErrFull, err)
		}
		// A HEAD has no body to say more.
		switch e.StatusCode {
		case http.StatusNotFound:
			if e.Code != "NoSuchBucket" {
				return errors.Join(media.ErrNoBlob, err)
			}
		case http.StatusInsufficientStorage:
			return errors.Join(media.ErrFull, err)
		}
	}
	return fault.Wrap(err, fault.Unavailable, "The store of the pictures cannot be reached at the moment. Try again shortly.").After(retryAfter)
}
