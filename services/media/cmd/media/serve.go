package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/obs"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/rds"
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
	// startAgain is how often an absent database is asked for at the start.
	startAgain = time.Second
	// flushTimeout bounds the last sending of traces and metrics.
	flushTimeout = 5 * time.Second
)

func (p *program) serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Serve the API", Args: cobra.NoArgs,
		Long: `Serve the API until SIGTERM. Refuses to start on tables that are older than the program: run
"media migrate" first. With MEDIA_BLOB=s3 any number of these may serve at once; with a folder too, as
long as all of them see the same folder on one machine.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := defaults()
			if err := config.LoadFunc(p.getenv, prefix, &s); err != nil {
				return err
			}
			return p.serveWith(cmd.Context(), &s)
		},
	}
}

func (p *program) serveWith(ctx context.Context, s *settings) (err error) {
	o, err := obs.Setup(ctx, obs.Options{Service: "media", Version: version, Getenv: p.getenv, Stderr: p.stderr})
	if err != nil {
		return err
	}
	defer func() {
		fctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
		defer cancel()
		err = errors.Join(err, o.Stop(fctx))
	}()
	keys, err := auth.LoadPublicKeys(s.TokenPublicKeyFile)
	if err != nil {
		return err
	}
	db, err := pg.Open(ctx, s.postgres(o.Tracing))
	if err != nil {
		return err
	}
	defer db.Close()
	client, err := rds.Open(rds.Config{URL: s.Redis.URL.Reveal(), Tracing: o.Tracing})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, client.Close()) }()
	kept, closeBlobs, err := openBlobs(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeBlobs()) }()

	service, err := media.New(media.Config{
		Store: postgres.New(db), Pictures: kept.pictures, Thumbnails: kept.thumbnails, States: redis.NewStates(client),
		Events: api.NewPublisher(redisstream.New(client, streamKey), o.Logger),
		Policy: s.policy(), MaxBytes: int64(s.MaxPicture), Logger: o.Logger,
	})
	if err != nil {
		return err
	}
	if err := awaitTables(ctx, db, o.Logger); err != nil {
		return err
	}

	engine := httpx.NewEngine(httpx.Options{Service: "media", Logger: o.Logger, Tracing: o.Tracing, TrustedProxies: s.TrustedProxies}) //nolint:contextcheck // handlers have the context of their request
	api.Mount(engine, api.Config{Service: service, Verifier: auth.NewVerifier(keys, nil), Operators: redisauth.NewOperators(client)})  //nolint:contextcheck // handlers have the context of their request
	health := httpx.NewHealth(
		httpx.Check{Name: "postgres", Critical: true, Probe: db.Ping},
		// Without Redis or the pictures every answer is a 503 with advice, which is more
		// than a load balancer that finds nobody ready would say.
		httpx.Check{Name: "redis", Probe: func(ctx context.Context) error { return rds.Translate(client.Ping(ctx).Err()) }},
		httpx.Check{Name: pictures, Probe: service.Ping},
	)
	server := &httpx.Server{
		Handler: engine, Listen: s.Listen, Ops: httpx.OpsHandler(health, o.Metrics), OpsListen: s.OpsListen,
		Health: health, Logger: o.Logger, DrainDelay: s.DrainDelay,
	}
	p.announce(server, o.Logger)
	return server.Run(ctx, service.Loops()...)
}

// blobs are the two places for bytes.
type blobs struct{ pictures, thumbnails media.Blobs }

// openBlobs opens what MEDIA_BLOB names.
func openBlobs(s *settings) (b blobs, closeAll func() error, err error) {
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

// awaitTables waits for the database and checks the tables.
func awaitTables(ctx context.Context, db *pg.DB, log *slog.Logger) error {
	for told := false; ; told = true {
		err := migrate.PostgresCurrent(ctx, db, postgres.Migrations)
		if fault.KindOf(err) != fault.Unavailable {
			return err
		}
		if !told {
			log.WarnContext(ctx, "waiting for the database", "error", err)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(startAgain):
		}
	}
}

// announce logs where the server listens, and tells tests.
func (p *program) announce(server *httpx.Server, log *slog.Logger) {
	var mu sync.Mutex
	var listen, ops string
	on := func(which *string, what string) func(net.Addr) {
		return func(a net.Addr) {
			mu.Lock()
			defer mu.Unlock()
			*which = a.String()
			log.Info("listening", "address", a.String(), "for", what)
			if listen != "" && ops != "" && p.ready != nil {
				p.ready(listen, ops)
			}
		}
	}
	server.OnListen, server.OnOpsListen = on(&listen, "the API"), on(&ops, "probes and metrics")
}
