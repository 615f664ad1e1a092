package registry

import (
	"context"
	"time"
)

const (
	// sweepEvery is how late the end of a command at its deadline is written at
	// most. Nobody sees it late: every reader judges the deadline itself. A sweep
	// with nothing to do writes nothing.
	sweepEvery = time.Second
	sweepBatch = 100
	purgeEvery = time.Hour
	touchEvery = noteEvery

	// How long what is over stays to be looked at.
	commandsKept = 90 * 24 * time.Hour
	entriesKept  = 400 * 24 * time.Hour
)

// Sweep ends commands at their deadline and deletes what is over, until ctx
// ends. It returns nil. Any number of processes may sweep the same database.
func (s *Service) Sweep(ctx context.Context) error {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	var purged, touched time.Time
	var failing bool
	for ctx.Err() == nil {
		now := time.Now()
		err := s.expireCommands(ctx)
		if err == nil && now.Sub(touched) >= touchEvery {
			err = s.touchCredentials(ctx)
			touched = now
		}
		if err == nil && now.Sub(purged) >= purgeEvery {
			if err = s.purge(ctx); err == nil {
				purged = now
			}
		}
		if ctx.Err() == nil && failing != (err != nil) {
			failing = err != nil
			if failing {
				s.log.WarnContext(ctx, "sweeping fails; trying again", "error", err)
			} else {
				s.log.InfoContext(ctx, "sweeping works again")
			}
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
		}
	}
	return nil
}

func (s *Service) expireCommands(ctx context.Context) error {
	for {
		expired, err := s.store.ExpireCommands(ctx, s.now(), sweepBatch)
		if err != nil {
			return err
		}
		devices := map[string]bool{}
		var news []event
		for _, c := range expired {
			devices[c.DeviceID] = true
			news = append(news, commandNews(c))
		}
		for id := range devices {
			s.publishDevice(ctx, id)
		}
		s.tell(ctx, news)
		if len(expired) < sweepBatch {
			return nil
		}
	}
}

func (s *Service) touchCredentials(ctx context.Context) error {
	at := s.used.take()
	if len(at) == 0 {
		return nil
	}
	return s.store.TouchCredentials(ctx, at)
}

func (s *Service) purge(ctx context.Context) error {
	now := s.now()
	return s.store.Purge(ctx, PurgeBefore{
		RequestsAsked:     now.Add(-requestLife),
		CommandsFinished:  now.Add(-commandsKept),
		CredentialsExpire: now,
		Entries:           now.Add(-entriesKept),
	})
}
