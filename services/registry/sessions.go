package registry

import (
	"context"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

var (
	errWrongLogin    = fault.New(fault.Unauthenticated, "The name or the password is wrong.")
	errWrongPassword = fault.New(fault.Forbidden, "The current password is wrong.")
	errNotLoggedIn   = fault.New(fault.Unauthenticated, "This session or token is not valid any more. Log in again.")
	errNeedsSession  = fault.New(fault.Forbidden, "An API token cannot do this. Log in with name and password.")
	errNoToken       = fault.New(fault.NotFound, "There is no API token with this id.")
	errTooManyTokens = fault.New(fault.Conflict, "There are %d API tokens already. Delete one first.", maxTokens)
)

const tooManyLogins = "Too many attempts to log in. Wait, then try again."

// Login opens a session and returns it with its secret. from is the client's
// address. An unknown name costs the same time as a wrong password.
func (s *Service) Login(ctx context.Context, name, password, from string) (Credential, string, error) {
	if err := s.allowLogin(ctx, from); err != nil {
		return Credential{}, "", err
	}
	op, err := s.store.Operator(ctx, name)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return Credential{}, "", err
	}
	ok, err := s.passwords.Verify(ctx, password, op.PasswordHash)
	if err != nil {
		return Credential{}, "", err
	}
	if !ok {
		s.log.WarnContext(ctx, "login refused", "from", from)
		return Credential{}, "", errWrongLogin
	}
	c, secret := newCredential(KindSession, op.Name, "", sessionLife, s.now())
	e := signed(Entry{Action: ActionSessionCreate, Subject: c.ID, At: c.CreatedAt, Detail: map[string]any{"ip_address": from}}, c.Principal())
	if err := s.store.CreateCredential(ctx, c, e); err != nil {
		return Credential{}, "", err
	}
	s.publishOperator(ctx, c.Hash)
	return c, secret, nil
}

// allowLogin counts an attempt: by address first, so that one address cannot use
// up what all have together.
func (s *Service) allowLogin(ctx context.Context, from string) error {
	if err := allow(ctx, s.limits.Login, network(from), tooManyLogins); err != nil {
		return err
	}
	return allow(ctx, s.limits.LoginTotal, "all", tooManyLogins)
}

// Logout ends the caller's session. An API token has none: fault.Forbidden.
func (s *Service) Logout(ctx context.Context, who auth.Principal) error {
	if who.Kind != auth.KindSession {
		return errNeedsSession
	}
	e := signed(Entry{Action: ActionSessionEnd, Subject: who.CredentialID, At: s.now()}, who)
	c, err := s.store.DeleteCredential(ctx, who.CredentialID, KindSession, e)
	if fault.KindOf(err) == fault.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	s.publishOperator(ctx, c.Hash)
	return nil
}

// Lookup implements auth.Operators on the database.
func (s *Service) Lookup(ctx context.Context, hash string) (auth.Principal, error) {
	c, err := s.store.CredentialByHash(ctx, hash)
	now := s.now()
	if fault.KindOf(err) == fault.NotFound || err == nil && !c.Valid(now) {
		return auth.Principal{}, errNotLoggedIn
	}
	if err != nil {
		return auth.Principal{}, err
	}
	if c.Kind == KindToken {
		s.used.note(c, now)
	}
	return c.Principal(), nil
}

// Credential returns what the caller came with.
func (s *Service) Credential(ctx context.Context, who auth.Principal) (Credential, error) {
	c, err := s.store.Credential(ctx, who.CredentialID)
	if fault.KindOf(err) == fault.NotFound {
		return Credential{}, errNotLoggedIn
	}
	return c, err
}

// ChangePassword sets the caller's password and ends all other sessions of the
// operator.
func (s *Service) ChangePassword(ctx context.Context, who auth.Principal, current, password, from string) error {
	if who.Kind != auth.KindSession {
		return errNeedsSession
	}
	if err := ValidatePassword(password); err != nil {
		return err
	}
	if err := s.allowLogin(ctx, from); err != nil {
		return err
	}
	op, err := s.store.Operator(ctx, who.Name)
	if err != nil {
		return err
	}
	if ok, err := s.passwords.Verify(ctx, current, op.PasswordHash); err != nil || !ok {
		if err != nil {
			return err
		}
		return errWrongPassword
	}
	return s.setPassword(ctx, op.Name, password, who.CredentialID, signed(Entry{Action: ActionPasswordChange, Subject: op.Name, At: s.now()}, who))
}

func (s *Service) setPassword(ctx context.Context, name, password, keep string, e Entry) error {
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return err
	}
	ended, err := s.store.SetPassword(ctx, name, hash, keep, e)
	if err != nil {
		return err
	}
	for _, h := range ended {
		s.publishOperator(ctx, h)
	}
	return nil
}

// EnsureAdmin makes the operator "admin" at the first start, with the given
// password, or with a random one when it is empty, and returns the random one,
// which is the only time that anyone sees it. Later starts change nothing and
// return "". Of several processes that start at once, one makes it.
func (s *Service) EnsureAdmin(ctx context.Context, password string) (generated string, err error) {
	if _, err := s.store.Operator(ctx, AdminName); fault.KindOf(err) != fault.NotFound {
		return "", err
	}
	if password == "" {
		generated = randomPassword()
		password = generated
	}
	if err := ValidatePassword(password); err != nil {
		return "", err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	now := s.now()
	created, err := s.store.CreateOperator(ctx, Operator{Name: AdminName, PasswordHash: hash, CreatedAt: now, PasswordChangedAt: now},
		signed(Entry{Actor: ActorNestbox, Action: ActionOperatorCreate, Subject: AdminName, At: now}, auth.Principal{}))
	if err != nil || !created {
		return "", err
	}
	return generated, nil
}

// ResetPassword sets the password of admin for someone who can reach the
// machine itself, and ends all sessions. An empty password means a random one,
// which is returned.
func (s *Service) ResetPassword(ctx context.Context, password string) (generated string, err error) {
	if password == "" {
		generated = randomPassword()
		password = generated
	}
	if err := ValidatePassword(password); err != nil {
		return "", err
	}
	e := signed(Entry{Actor: ActorNestbox, Action: ActionPasswordReset, Subject: AdminName, At: s.now()}, auth.Principal{})
	err = s.setPassword(ctx, AdminName, password, "", e)
	if fault.KindOf(err) == fault.NotFound {
		// Reset before the first start.
		_, err = s.EnsureAdmin(ctx, password)
	}
	if err != nil {
		return "", err
	}
	return generated, nil
}
