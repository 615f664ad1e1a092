// Package metrics shows the numbers of telemetry as OpenTelemetry instruments.
// They are read when somebody asks; a request only adds to a counter in memory.
// No label holds a device.
package metrics

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"home.arpa/nestbox/services/telemetry"
)

// Sources are what is shown. Those that are nil are left out.
type Sources struct {
	Counts  *telemetry.Counts
	Sweeper interface{ Tally() telemetry.Tally }
	// Lost counts the messages that did not reach the live stream.
	Lost func() int64
	// Redis is a served telemetry's way to Redis; nil in the hub.
	Redis *Redis
}

// Redis is how a served telemetry gets on with Redis.
type Redis struct {
	// Away says that requests are answered from memory at present.
	Away func() bool
	// Outages counts how often that began, Fallbacks the requests.
	Outages, Fallbacks func() int64
}

// value is one number of an instrument, with the value of its label.
type value struct {
	label string
	n     int64
}

// instrument is a counter, or a gauge if it can go down.
type instrument struct {
	name  string
	unit  string // empty: a flag
	about string
	gauge bool
	label string // empty: no label
	read  func() []value
}

// Register makes the instruments of the sources on the global meter provider.
func Register(s Sources) error {
	meter := otel.Meter("home.arpa/nestbox/services/telemetry")
	for _, i := range s.instruments() {
		if err := i.register(meter); err != nil {
			return fmt.Errorf("register %s: %w", i.name, err)
		}
	}
	return nil
}

func (i *instrument) register(meter metric.Meter) (err error) {
	observe := metric.WithInt64Callback(func(_ context.Context, o metric.Int64Observer) error {
		for _, v := range i.read() {
			if i.label == "" {
				o.Observe(v.n)
			} else {
				o.Observe(v.n, metric.WithAttributes(attribute.String(i.label, v.label)))
			}
		}
		return nil
	})
	unit, about := metric.WithUnit(i.unit), metric.WithDescription(i.about)
	if i.gauge {
		_, err = meter.Int64ObservableGauge(i.name, unit, about, observe)
	} else {
		_, err = meter.Int64ObservableCounter(i.name, unit, about, observe)
	}
	return err
}

func (s *Sources) instruments() []instrument {
	var all []instrument
	if c := s.Counts; c != nil {
		all = append(all,
			instrument{name: "nestbox.telemetry.heartbeats", unit: "{heartbeat}", about: "Heartbeats by result.", label: "result",
				read: func() []value {
					return []value{{"accepted", c.Beats.Load()}, {"refused", c.BeatsRefused.Load()}}
				}},
			instrument{name: "nestbox.telemetry.motion", unit: "{event}", about: "Motion events by result.", label: "result",
				read: func() []value {
					return []value{
						{"stored", c.MotionStored.Load()}, {"repeated", c.MotionRepeated.Load()}, {"limited", c.MotionLimited.Load()},
						{"flooded", c.MotionFlooded.Load()}, {"undated", c.MotionUndated.Load()},
					}
				}},
			one("nestbox.telemetry.limiter.failures", "{failure}", "Motion events let through because the flood limiter failed.", c.LimiterFailure.Load),
		)
	}
	if sw := s.Sweeper; sw != nil {
		all = append(all,
			instrument{name: "nestbox.telemetry.devices", unit: "{device}", about: "Devices by presence, where the sweeper runs.", label: "state", gauge: true,
				read: func() []value { return devices(sw.Tally()) }},
			instrument{name: "nestbox.telemetry.sweeper.holding", about: "1 where the sweeper holds its lease.", gauge: true,
				read: func() []value { return []value{{n: flag(sw.Tally().Holding)}} }},
			one("nestbox.telemetry.sweeper.failures", "{pass}", "Passes of the sweeper that failed.", func() int64 { return sw.Tally().Failures }),
		)
	}
	if s.Lost != nil {
		all = append(all, one("nestbox.telemetry.stream.lost", "{message}", "Messages that did not reach the live stream.", s.Lost))
	}
	if r := s.Redis; r != nil {
		all = append(all,
			instrument{name: "nestbox.telemetry.degraded", about: "1 while requests are answered without Redis.", gauge: true,
				read: func() []value { return []value{{n: flag(r.Away())}} }},
			one("nestbox.telemetry.degraded.outages", "{outage}", "How often Redis went away.", r.Outages),
			one("nestbox.telemetry.degraded.requests", "{request}", "Look-ups that were answered without Redis.", r.Fallbacks),
		)
	}
	return all
}

// one is a counter without a label.
func one(name, unit, about string, read func() int64) instrument {
	return instrument{name: name, unit: unit, about: about, read: func() []value { return []value{{n: read()}} }}
}

func devices(t telemetry.Tally) []value {
	if !t.Holding {
		return nil
	}
	var values []value
	for _, state := range []telemetry.State{telemetry.Online, telemetry.Late, telemetry.Asleep, telemetry.Offline} {
		values = append(values, value{string(state), int64(t.Devices[state])})
	}
	return values
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
