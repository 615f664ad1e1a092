package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/internal/platform/stream/redisstream"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/api"
	"home.arpa/nestbox/services/media/blob/folder"
	"home.arpa/nestbox/services/media/blob/s3"
	"home.arpa/nestbox/services/media/postgres"
	"home.arpa/nestbox/services/media/redis"
)

const (
	// streamKey is the event stream that all services share.
	streamKey = "nestbox:stream"
	// Folders, or prefixes of keys in a bucket.
	pictures   = "pictures"
	thumbnails = "thumbnails"
)

const serveHelp = `Serve the API until SIGTERM. Refuses to start on tables that are older than the program: run
"media migrate" first. With MEDIA_BLOB=s3 any number of these may serve at once; with a folder too, as
long as all of them see the same folder on one machine.`

func serve(ctx context.Context, p *program.Program) (err error) {
	s := defaults()
	if err := config.LoadFunc(p.Getenv, prefix, &s); err != nil {
		return err
	}
	b, err := p.Open(ctx, &s.Settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close(ctx)) }()
	keys, err := auth.LoadPublicKeys(s.TokenPublicKeyFile)
	if err != nil {
		return err
	}
	kept, closeBlobs, err := openBlobs(&s.Places)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeBlobs()) }()

	service, err := media.New(media.Config{
		Store: postgres.New(b.DB), Pictures: kept.pictures, Thumbnails: kept.thumbnails, States: redis.NewStates(b.Redis),
		Events: api.NewPublisher(redisstream.New(b.Redis, streamKey), b.Log),
		Policy: s.policy(), MaxBytes: int64(s.MaxPicture), Logger: b.Log,
	})
	if err != nil {
		return err
	}
	err = b.Await(ctx, func(ctx context.Context) error { return migrate.PostgresCurrent(ctx, b.DB, postgres.Migrations) })
	if err != nil {
		return err
	}

	engine := b.NewEngine()                                                                                                            //nolint:contextcheck // handlers have the context of their request
	api.Mount(engine, api.Config{Service: service, Verifier: auth.NewVerifier(keys, nil), Operators: redisauth.NewOperators(b.Redis)}) //nolint:contextcheck // handlers have the context of their request
	checks := []httpx.Check{
		{Name: "postgres", Critical: true, Probe: b.DB.Ping},
		// Without Redis or the pictures every answer is a 503 with advice, which is more
		// than a load balancer that finds nobody ready would say.
		{Name: "redis", Probe: b.PingRedis},
		{Name: pictures, Probe: service.Ping},
	}
	return b.Serve(ctx, engine, checks, service.Loops()...)
}

// blobs are the two places for bytes.
type blobs struct{ pictures, thumbnails media.Blobs }

// openBlobs opens what MEDIA_BLOB names.
func openBlobs(s *Places) (b blobs, closeAll func() error, err error) {
	if s.Blob == blobS3 {
		bucket, err := s3.Open(s.bucket())
		if err != nil {
			return b, nil, err
		}
		b = blobs{bucket.Prefix(pictures + "/"), bucket.Prefix(thumbnails + "/")}
		return b, func() error { bucket.Close(); return nil }, nil
	}
	large, err := folder.Open(filepath.Join(s.Folder, pictures))
	if err != nil {
		return b, nil, fmt.Errorf("MEDIA_FOLDER: %w", err)
	}
	small, err := folder.Open(filepath.Join(s.Folder, thumbnails))
	if err != nil {
		return b, nil, errors.Join(fmt.Errorf("MEDIA_FOLDER: %w", err), large.Close())
	}
	return blobs{large, small}, func() error { return errors.Join(large.Close(), small.Close()) }, nil
}
