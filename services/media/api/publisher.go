package api

import (
	"context"
	"log/slog"
	"time"

	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/media"
)

const (
	kindStored  = "picture.stored"
	kindDeleted = "picture.deleted"
	// publishLimit bounds how long telling the live stream may hold up an upload.
	publishLimit = 500 * time.Millisecond
)

// Publisher implements media.Publisher on the live stream. It is safe for concurrent
// use.
type Publisher struct {
	stream stream.Stream
	log    *slog.Logger
}

var _ media.Publisher = (*Publisher)(nil)

// NewPublisher returns a Publisher that publishes to s, which stays the caller's.
func NewPublisher(s stream.Stream, log *slog.Logger) *Publisher {
	return &Publisher{stream: s, log: log}
}

// pictureDeleted is all that a watcher needs to take a picture off its page.
type pictureDeleted struct {
	PictureID string  `json:"picture_id"`
	DeviceID  string  `json:"device_id"`
	EventID   *string `json:"event_id"`
}

// PictureStored implements media.Publisher with the picture's wire form.
func (p *Publisher) PictureStored(ctx context.Context, stored media.Picture) {
	p.publish(ctx, kindStored, stored.ID, wirePicture(stored))
}

// PictureDeleted implements media.Publisher.
func (p *Publisher) PictureDeleted(ctx context.Context, gone media.Picture) {
	p.publish(ctx, kindDeleted, gone.ID, pictureDeleted{PictureID: gone.ID, DeviceID: gone.DeviceID, EventID: orNull(gone.EventID)})
}

func (p *Publisher) publish(ctx context.Context, kind, id string, data any) {
	ctx, cancel := context.WithTimeout(ctx, publishLimit)
	defer cancel()
	if err := p.stream.Publish(ctx, kind, data); err != nil {
		p.log.WarnContext(ctx, "publish to the live stream", "kind", kind, "picture_id", id, "error", err)
	}
}
