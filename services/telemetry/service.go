package telemetry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Limiter guards the database against a camera that floods it. It is wide
// enough for a queue that is replayed; the limit on motion is another thing,
// see TooClose.
type Limiter interface {
	// Allow takes one from the key's budget, or returns how long to wait.
	Allow(ctx context.Context, key string) (retryAfter time.Duration, err error)
}

// The width of the limiter: a camera may send what it kept over a day of motion
// every few minutes at once, and then as fast as a good link lets it.
const (
	FloodPerSecond = 20
	FloodBurst     = 300
)

// Publisher passes on what happened to whoever watches. Its methods never
// block and never fail: a watcher that misses something reads the lists.
type Publisher interface {
	MotionReceived(e *Event)
	PresenceChanged(p *Presence)
}

// Service is what cameras and operators ask of telemetry. It is safe for
// concurrent use.
type Service struct {
	beats   BeatStore
	events  EventStore
	limiter Limiter
	publish Publisher
	now     func() time.Time
	jitter  func() float64

	counts Counts
}

// Counts are the service's counters since it began, for metrics.
type Counts struct {
	Beats, BeatsRefused                          atomic.Int64
	MotionStored, MotionRepeated, MotionLimited  atomic.Int64
	MotionFlooded, MotionUndated, LimiterFailure atomic.Int64
}

// Options are the parts of a Service.
type Options struct {
	Beats  BeatStore
	Events EventStore
	// Limiter is asked before each motion event reaches the EventStore. When it
	// fails, the event is let through: it is a guard, not a rule.
	Limiter   Limiter
	Publisher Publisher
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Jitter returns a number in [0,1) that spreads the cameras' next beats over
	// ±10 % of the interval; nil means a random one.
	Jitter func() float64
}

// NewService returns a Service of these parts.
func NewService(o Options) *Service {
	s := &Service{
		beats: o.Beats, events: o.Events, limiter: o.Limiter, publish: o.Publisher,
		now: o.Now, jitter: o.Jitter,
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.jitter == nil {
		s.jitter = rand.Float64
	}
	return s
}

// Counts returns the live counters.
func (s *Service) Counts() *Counts { return &s.counts }

// clock returns the time as stores keep it.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

// Reply is what a camera learns from its heartbeat.
type Reply struct {
	ServerTime time.Time
	// Next is when to beat again, jittered so that a fleet that was switched on
	// at once spreads out.
	Next time.Duration
	// State is the device's state, of which the camera is told the privacy and
	// the number of commands. If it is not Known the camera keeps what it has.
	State DeviceState
}

// Heartbeat records that the caller is well. It makes one call to the beat
// store and none to the database. The reading is kept and must not be changed
// afterwards. Errors: fault.Invalid, fault.Unauthenticated.
func (s *Service) Heartbeat(ctx context.Context, by Caller, r *Reading) (Reply, error) {
	if err := r.Validate(); err != nil {
		return Reply{}, err
	}
	beat := Beat{DeviceID: by.DeviceID, Epoch: by.Epoch, ReceivedAt: s.clock(), Reading: *r}
	state, err := s.beats.Beat(ctx, &beat)
	if err != nil {
		return Reply{}, fmt.Errorf("record heartbeat of device %s: %w", by.DeviceID, err)
	}
	if err := state.Admit(by.Epoch); err != nil {
		s.counts.BeatsRefused.Add(1)
		return Reply{}, err
	}
	s.counts.Beats.Add(1)
	next := time.Duration(float64(state.Interval()) * (0.9 + 0.2*s.jitter()))
	return Reply{ServerTime: beat.ReceivedAt, Next: next.Round(time.Millisecond), State: state}, nil
}

// Receipt is what a camera learns from its motion event.
type Receipt struct {
	EventID string
	// OccurredAt is that of the event as it is stored: for a repeat, as it was
	// stored first.
	OccurredAt time.Time
	ServerTime time.Time
}

// Motion stores a motion event of the caller. When it returns nil the event is
// durable. Errors: fault.Invalid, fault.Unauthenticated, fault.RateLimited,
// fault.Unavailable.
func (s *Service) Motion(ctx context.Context, by Caller, m *Motion) (Receipt, error) {
	if err := m.Validate(); err != nil {
		return Receipt{}, err
	}
	state, last, err := s.beats.Device(ctx, by.DeviceID)
	if err != nil {
		return Receipt{}, fmt.Errorf("look up device %s: %w", by.DeviceID, err)
	}
	if err := state.Admit(by.Epoch); err != nil {
		return Receipt{}, err
	}
	if err := s.allow(ctx, by.DeviceID); err != nil {
		return Receipt{}, err
	}
	e, err := s.date(ctx, by, m, last)
	if err != nil {
		return Receipt{}, err
	}
	result, err := s.events.RecordMotion(ctx, &e)
	if err != nil {
		return Receipt{}, fmt.Errorf("store motion event of device %s: %w", by.DeviceID, err)
	}
	switch result.Fate {
	case Limited:
		s.counts.MotionLimited.Add(1)
		return Receipt{}, tooSoon(result.OccurredAt, e.ReceivedAt)
	case Repeated:
		s.counts.MotionRepeated.Add(1)
	case Stored:
		s.counts.MotionStored.Add(1)
		s.publish.MotionReceived(&e)
	}
	return Receipt{EventID: e.EventID, OccurredAt: result.OccurredAt, ServerTime: e.ReceivedAt}, nil
}

func (s *Service) allow(ctx context.Context, deviceID string) error {
	wait, err := s.limiter.Allow(ctx, deviceID)
	if err != nil {
		s.counts.LimiterFailure.Add(1)
		return nil //nolint:nilerr // an event is worth more than a limit
	}
	if wait > 0 {
		s.counts.MotionFlooded.Add(1)
		return fault.New(fault.RateLimited, "Too many motion events at once from this device.").After(wait)
	}
	return nil
}

// date makes the event that m becomes.
func (s *Service) date(ctx context.Context, by Caller, m *Motion, last *Beat) (Event, error) {
	receivedAt := s.clock()
	var boot BootClock
	if m.NeedsBoot(receivedAt) {
		var err error
		if boot, err = s.bootClock(ctx, by.DeviceID, m.BootID, last); err != nil {
			return Event{}, err
		}
	}
	occurredAt, clock, err := m.When(receivedAt, boot)
	if err != nil {
		s.counts.MotionUndated.Add(1)
		return Event{}, err
	}
	e := newEvent(by.DeviceID, KindMotion, occurredAt, receivedAt, clock)
	if m.EventID != "" {
		e.EventID = m.EventID
	}
	e.BootID = m.BootID
	if m.hasBootClock() {
		e.MonotonicMS = m.MonotonicMS
	}
	e.MotionScore, e.CameraEnabled = m.Score, m.CameraEnabled
	if m.PrivacyGeneration != nil {
		e.Detail = map[string]any{"privacy_generation": *m.PrivacyGeneration}
	}
	return e, nil
}

// bootClock finds out about a boot from the device's last beat, or else from
// the boots that the sweeper recorded.
func (s *Service) bootClock(ctx context.Context, deviceID, bootID string, last *Beat) (BootClock, error) {
	if last != nil && last.Reading.BootID == bootID {
		start, _ := last.BootStart()
		return BootClock{Start: start}, nil
	}
	start, err := s.events.BootStart(ctx, deviceID, bootID)
	if err != nil {
		return BootClock{}, fmt.Errorf("look up boot of device %s: %w", deviceID, err)
	}
	later := last != nil && last.Reading.BootID != ""
	return BootClock{Start: start, Over: later && !start.IsZero()}, nil
}

// newEvent returns an event with an id of its own.
func newEvent(deviceID string, kind Kind, occurredAt, receivedAt time.Time, clock Clock) Event {
	id := NewID()
	return Event{
		ID: id, DeviceID: deviceID, EventID: id, Kind: kind,
		OccurredAt: occurredAt, ReceivedAt: receivedAt, Clock: clock,
	}
}

// NewID returns a new UUIDv7 (RFC 9562): ids of rows, which sort by the time of
// their making.
func NewID() string {
	// NewV7 fails only when the system has no randomness left, and then panicking
	// is what crypto/rand itself does.
	return uuid.Must(uuid.NewV7()).String()
}
