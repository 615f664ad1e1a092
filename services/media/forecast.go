package media

import (
	"context"
	"time"
)

const (
	day = 24 * time.Hour
	// forecastWindow is how far back the inflow is averaged: a whole week, since
	// weekends differ.
	forecastWindow = 7 * day
)

// Storage says how full it is and when it will be.
type Storage struct {
	Usage
	// Limit is how many bytes may be kept: the quota, or less when the disk has no
	// room for it. Limited is false when there is no limit; Limit is 0 then.
	Limit   int64
	Limited bool
	MaxAge  time.Duration // 0: no limit
	// BytesPerDay is the mean inflow of the last week, or of the time since the first
	// picture, at least a day.
	BytesPerDay float64
	// DaysUntilFull is when the limit will be reached at this rate, and the oldest
	// pictures begin to go. Nil: not at this rate.
	DaysUntilFull *float64
}

// Storage measures use and forecasts it.
func (s *Service) Storage(ctx context.Context) (Storage, error) {
	usage, err := s.store.Usage(ctx)
	if err != nil {
		return Storage{}, err
	}
	limit, limited, err := s.limit(ctx, usage.Bytes)
	if err != nil {
		return Storage{}, err
	}
	now := s.now()
	inflow, first, err := s.store.Inflow(ctx, now.Add(-forecastWindow))
	if err != nil {
		return Storage{}, err
	}
	st := Storage{Usage: usage, Limit: limit, Limited: limited, MaxAge: s.policy.MaxAge, BytesPerDay: bytesPerDay(inflow, first, now)}
	st.DaysUntilFull = daysUntilFull(st)
	return st, nil
}

// bytesPerDay spreads inflow over the time from first until now, at least one day:
// the first hour of a new camera says little about its days.
func bytesPerDay(inflow int64, first, now time.Time) float64 {
	if inflow <= 0 || first.IsZero() {
		return 0
	}
	span := min(max(now.Sub(first), day), forecastWindow)
	return float64(inflow) / (float64(span) / float64(day))
}

// daysUntilFull extends the inflow in a straight line. Pictures that reach their
// age make room again: when a full age of inflow and what is pinned fit, it never
// gets full.
func daysUntilFull(st Storage) *float64 {
	if !st.Limited || st.BytesPerDay <= 0 {
		return nil
	}
	left := float64(st.Limit - st.Bytes)
	if left <= 0 {
		return new(float64)
	}
	if st.MaxAge > 0 {
		ages := float64(st.MaxAge) / float64(day)
		if st.BytesPerDay*ages+float64(st.PinnedBytes) <= float64(st.Limit) {
			return nil
		}
	}
	days := left / st.BytesPerDay
	return &days
}
