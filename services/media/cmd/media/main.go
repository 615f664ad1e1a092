// Command media serves the part of Nestbox that keeps pictures. Its settings are
// environment variables, see settings.go.
package main

import (
	"context"

	"home.arpa/nestbox/services/internal/platform/program"
)

// version is set by the linker.
var version = "dev"

func main() { program.Main(newProgram) }

func newProgram(at program.Process) *program.Program {
	p := &program.Program{
		Process: at, Name: "media", Version: version,
		Short: "The Nestbox service for pictures",
		Settings: `  MEDIA_PG_URL                  Postgres, as postgres:// URL or key=value text (required, secret)
  MEDIA_PG_MAX_CONNS            connections at most (8)
  MEDIA_REDIS_URL               Redis, redis://host:6379/0 (required, secret)
  MEDIA_TOKEN_PUBLIC_KEY_FILE   public key or keys that device tokens are verified with, see "registry keygen" (required)
  MEDIA_BLOB                    where the pictures are: folder (default) or s3
  MEDIA_FOLDER                  the folder; pictures/ and thumbnails/ are made in it (required with folder)
  MEDIA_S3_ENDPOINT             host or host:port of the S3 server (required with s3)
  MEDIA_S3_BUCKET               bucket; "media migrate" makes it (required with s3)
  MEDIA_S3_ACCESS_KEY, MEDIA_S3_SECRET_KEY   (required with s3, secret)
  MEDIA_S3_REGION               region (us-east-1, which servers at home ignore)
  MEDIA_S3_USE_TLS              https instead of http (true)
  MEDIA_S3_SPOOL                folder for uploads under way (the system's temporary folder)
  MEDIA_QUOTA                   bytes that pictures may take, such as 500M or 20G; 0: no limit (8G)
  MEDIA_MAX_AGE_DAYS            days that unpinned pictures are kept; 0: no limit (30)
  MEDIA_MIN_FREE                bytes of the disk that stay free, with folder; 0: none (512M)
  MEDIA_MAX_PICTURE             largest accepted picture (8M)
  MEDIA_LISTEN                  address of the API (:8080)
  MEDIA_OPS_LISTEN              address of /livez, /readyz and /metrics (:9090)
  MEDIA_TRUSTED_PROXIES         addresses or ranges whose X-Forwarded-For is believed, separated by commas
  MEDIA_DRAIN_DELAY             pause between "not ready" and the end of accepting (0s)
  NESTBOX_LOG_LEVEL, NESTBOX_LOG_FORMAT, OTEL_*`,
	}
	p.Add(
		program.Command("serve", "Serve the API", serveHelp, func(ctx context.Context) error { return serve(ctx, p) }),
		migrateCommand(p),
	)
	return p
}
