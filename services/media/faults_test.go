package media_test

import (
	"context"
	"errors"

	"home.arpa/nestbox/services/media"
)

// brittleBlobs fail where told.
type brittleBlobs struct {
	media.Blobs
	stage, write, commit, remove error
	afterCommit                  error // the bytes are there, and Commit fails all the same
}

func (b *brittleBlobs) Stage(ctx context.Context) (media.Staged, error) {
	if b.stage != nil {
		return nil, b.stage
	}
	s, err := b.Blobs.Stage(ctx)
	return &brittleStaged{s, b}, err
}

func (b *brittleBlobs) Remove(ctx context.Context, ids []string) error {
	if b.remove != nil {
		return b.remove
	}
	return b.Blobs.Remove(ctx, ids)
}

type brittleStaged struct {
	media.Staged
	b *brittleBlobs
}

func (s *brittleStaged) Write(p []byte) (int, error) {
	if s.b.write != nil {
		return 0, s.b.write
	}
	return s.Staged.Write(p)
}

func (s *brittleStaged) Commit(ctx context.Context, id string) error {
	if s.b.commit != nil {
		return errors.Join(s.b.commit, s.Discard())
	}
	return errors.Join(s.Staged.Commit(ctx, id), s.b.afterCommit)
}

// brittleStore fails where told.
type brittleStore struct {
	media.Store
	begin, finish, erase error
}

func (s *brittleStore) Begin(ctx context.Context, p media.Picture) (media.Picture, error) {
	if s.begin != nil {
		return media.Picture{}, s.begin
	}
	return s.Store.Begin(ctx, p)
}

func (s *brittleStore) Finish(ctx context.Context, id string) (bool, error) {
	if s.finish != nil {
		return false, s.finish
	}
	return s.Store.Finish(ctx, id)
}

func (s *brittleStore) Erase(ctx context.Context, ids []string) error {
	if s.erase != nil {
		return s.erase
	}
	return s.Store.Erase(ctx, ids)
}

// meddlingStore lets somebody else act before Finish.
type meddlingStore struct {
	media.Store
	beforeFinish func(id string)
}

func (s *meddlingStore) Finish(ctx context.Context, id string) (bool, error) {
	s.beforeFinish(id)
	return s.Store.Finish(ctx, id)
}
