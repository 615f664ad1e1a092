package registry

import (
	"context"
	"sync"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

// Tokens returns the live API tokens, newest first.
func (s *Service) Tokens(ctx context.Context) ([]Credential, error) {
	return s.store.Credentials(ctx, KindToken, s.now())
}

// CreateToken makes an API token and returns it with its secret, which is
// nowhere else. fault.Conflict when there are 100 already.
func (s *Service) CreateToken(ctx context.Context, who auth.Principal, o TokenOrder) (Credential, string, error) {
	if err := o.Validate(); err != nil {
		return Credential{}, "", err
	}
	live, err := s.Tokens(ctx)
	if err != nil {
		return Credential{}, "", err
	}
	// Requests at the same moment can pass together; the bound is for the disk.
	if len(live) >= maxTokens {
		return Credential{}, "", errTooManyTokens
	}
	owner := AdminName // when the caller came without a credential, from the machine itself
	if who.CredentialID != "" {
		mine, err := s.Credential(ctx, who)
		if err != nil {
			return Credential{}, "", err
		}
		owner = mine.Operator
	}
	c, secret := newCredential(KindToken, owner, o.Name, o.Life, s.now())
	e := signed(Entry{Action: ActionTokenCreate, Subject: c.ID, At: c.CreatedAt, Detail: map[string]any{"name": c.Name}}, who)
	if err := s.store.CreateCredential(ctx, c, e); err != nil {
		return Credential{}, "", err
	}
	s.publishOperator(ctx, c.Hash)
	return c, secret, nil
}

// DeleteToken withdraws an API token; everywhere within 1 s. fault.NotFound.
func (s *Service) DeleteToken(ctx context.Context, who auth.Principal, id string) error {
	id, err := parseID(id, errNoToken)
	if err != nil {
		return err
	}
	c, err := s.store.DeleteCredential(ctx, id, KindToken, signed(Entry{Action: ActionTokenDelete, Subject: id, At: s.now()}, who))
	if fault.KindOf(err) == fault.NotFound {
		return errNoToken
	}
	if err != nil {
		return err
	}
	s.publishOperator(ctx, c.Hash)
	return nil
}

// Entries returns a page of the record of changes, newest first.
func (s *Service) Entries(ctx context.Context, p Page) ([]Entry, error) {
	return s.store.Entries(ctx, p)
}

// noteEvery is how exact the time of a token's last use is.
const noteEvery = time.Minute

// used collects when tokens were used, so that a script that asks ten times a
// second costs one write a minute.
type used struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (u *used) note(c Credential, now time.Time) {
	if now.Sub(c.LastUsedAt) < noteEvery {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.at == nil {
		u.at = map[string]time.Time{}
	}
	u.at[c.ID] = now
}

func (u *used) take() map[string]time.Time {
	u.mu.Lock()
	defer u.mu.Unlock()
	at := u.at
	u.at = nil
	return at
}
