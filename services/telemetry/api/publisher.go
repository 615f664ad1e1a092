package api

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/telemetry"
)

// publishQueue is how many messages may wait for the stream. At 500 cameras
// that is more than a minute of the busiest traffic; after that the newest are
// lost, and the lists still have them.
const publishQueue = 256

// Publisher is the telemetry.Publisher that puts messages on a stream, in the
// wire form of this package. It sends them in the background, so that no camera
// waits for a stream that is away.
type Publisher struct {
	stream stream.Stream
	log    *slog.Logger
	queue  chan message
	lost   atomic.Int64
}

type message struct {
	kind string
	data any
}

var _ telemetry.Publisher = (*Publisher)(nil)

// NewPublisher returns a Publisher; its Run must run.
func NewPublisher(s stream.Stream, log *slog.Logger) *Publisher {
	return &Publisher{stream: s, log: log, queue: make(chan message, publishQueue)}
}

// MotionReceived implements telemetry.Publisher.
func (p *Publisher) MotionReceived(e *telemetry.Event) { p.put("motion.received", wireEvent(e)) }

// PresenceChanged implements telemetry.Publisher.
func (p *Publisher) PresenceChanged(pr *telemetry.Presence) {
	p.put("presence.changed", wirePresence(pr))
}

func (p *Publisher) put(kind string, data any) {
	select {
	case p.queue <- message{kind, data}:
	default:
		p.lost.Add(1)
	}
}

// Lost counts the messages that did not reach the stream.
func (p *Publisher) Lost() int64 { return p.lost.Load() }

// Run publishes until ctx ends, and then what still waits, for a second at
// most. It returns nil.
func (p *Publisher) Run(ctx context.Context) error {
	for {
		select {
		case m := <-p.queue:
			p.publish(ctx, m)
		case <-ctx.Done():
			rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			for rest.Err() == nil {
				select {
				case m := <-p.queue:
					p.publish(rest, m)
				default:
					return nil
				}
			}
			return nil
		}
	}
}

func (p *Publisher) publish(ctx context.Context, m message) {
	if err := p.stream.Publish(ctx, m.kind, m.data); err != nil {
		p.lost.Add(1)
		p.log.DebugContext(ctx, "a message did not reach the stream", "kind", m.kind, "error", err)
	}
}
