package storetest

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

func admin() registry.Operator {
	return registry.Operator{Name: "admin", PasswordHash: "$argon2id$1", CreatedAt: now, PasswordChangedAt: now}
}

func credential(k registry.CredentialKind) registry.Credential {
	id := registry.NewID()
	c := registry.Credential{
		ID: id, Kind: k, Hash: strings.Repeat("0", 28) + id, Operator: "admin",
		CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	if k == registry.KindToken {
		c.Name = "backup " + id
	}
	return c
}

func credentialID(c registry.Credential) string { return c.ID }

func actions(t *testing.T, s registry.Store) []string {
	t.Helper()
	entries, err := s.Entries(t.Context(), registry.Page{Limit: 500})
	must(t, err)
	return each(entries, func(e registry.Entry) string { return e.Action })
}

func operatorOnce(t *testing.T, s registry.Store) {
	const n = 6
	made := make([]bool, n)
	errs := make([]error, n)
	atOnce(t.Context(), n, func(ctx context.Context, i int) {
		made[i], errs[i] = s.CreateOperator(ctx, admin(), entry("operator.create", "admin"))
	})
	for _, err := range errs {
		must(t, err)
	}
	if i := slices.Index(made, true); i < 0 || slices.Contains(made[i+1:], true) {
		t.Errorf("made by %v, want exactly one", made)
	}
	if a := actions(t, s); len(a) != 1 {
		t.Errorf("recorded %v", a)
	}
	o, err := s.Operator(t.Context(), "admin")
	must(t, err)
	if o != admin() {
		t.Errorf("read %+v", o)
	}
	_, err = s.Operator(t.Context(), "nobody")
	wantKind(t, err, fault.NotFound)
}

func passwordChange(t *testing.T, s registry.Store) {
	_, err := s.CreateOperator(t.Context(), admin(), entry("o", "admin"))
	must(t, err)
	mine, other, token := credential(registry.KindSession), credential(registry.KindSession), credential(registry.KindToken)
	for _, c := range []registry.Credential{mine, other, token} {
		must(t, s.CreateCredential(t.Context(), c, entry("c", c.ID)))
	}
	e := entry("password.change", "admin")
	e.At = now.Add(time.Minute)
	ended, err := s.SetPassword(t.Context(), "admin", "$argon2id$2", mine.ID, e)
	must(t, err)
	if !slices.Equal(ended, []string{other.Hash}) {
		t.Errorf("ended %v, want the other session alone", ended)
	}
	o, err := s.Operator(t.Context(), "admin")
	must(t, err)
	if o.PasswordHash != "$argon2id$2" || !o.PasswordChangedAt.Equal(e.At) {
		t.Errorf("operator is %+v", o)
	}
	all, err := s.Credentials(t.Context(), "", now)
	must(t, err)
	if got := each(all, credentialID); !slices.Equal(got, []string{token.ID, mine.ID}) {
		t.Errorf("left are %v", got)
	}
	before := len(actions(t, s))
	_, err = s.SetPassword(t.Context(), "nobody", "x", "", entry("password.change", "nobody"))
	wantKind(t, err, fault.NotFound)
	if a := actions(t, s); len(a) != before {
		t.Errorf("recorded a change of nobody's password: %v", a)
	}
}

func credentials(t *testing.T, s registry.Store) {
	_, err := s.CreateOperator(t.Context(), admin(), entry("o", "admin"))
	must(t, err)
	session, token, forever, expired := credential(registry.KindSession), credential(registry.KindToken),
		credential(registry.KindToken), credential(registry.KindToken)
	forever.ExpiresAt, expired.ExpiresAt = time.Time{}, now
	for _, c := range []registry.Credential{session, token, forever, expired} {
		must(t, s.CreateCredential(t.Context(), c, entry("token.create", c.ID)))
		for _, read := range []func() (registry.Credential, error){
			func() (registry.Credential, error) { return s.Credential(t.Context(), c.ID) },
			func() (registry.Credential, error) { return s.CredentialByHash(t.Context(), c.Hash) },
		} {
			got, err := read()
			must(t, err)
			if !reflect.DeepEqual(got, c) {
				t.Errorf("saved %+v\nread  %+v", c, got)
			}
		}
	}
	live, err := s.Credentials(t.Context(), registry.KindToken, now)
	must(t, err)
	if got := each(live, credentialID); !slices.Equal(got, []string{forever.ID, token.ID}) {
		t.Errorf("live tokens %v", got)
	}

	must(t, s.TouchCredentials(t.Context(), map[string]time.Time{token.ID: now.Add(time.Minute), registry.NewID(): now}))
	must(t, s.TouchCredentials(t.Context(), map[string]time.Time{token.ID: now}))
	if got, err := s.Credential(t.Context(), token.ID); err != nil || !got.LastUsedAt.Equal(now.Add(time.Minute)) {
		t.Errorf("last used %v (%v)", got.LastUsedAt, err)
	}

	// What fails is not recorded.
	before := len(actions(t, s))
	twin := credential(registry.KindToken)
	twin.Hash = token.Hash
	if err := s.CreateCredential(t.Context(), twin, entry("token.create", twin.ID)); err == nil {
		t.Error("two credentials with one hash")
	}
	_, err = s.DeleteCredential(t.Context(), session.ID, registry.KindToken, entry("token.delete", session.ID))
	wantKind(t, err, fault.NotFound)
	if a := actions(t, s); len(a) != before {
		t.Errorf("recorded what did not happen: %v", a)
	}

	gone, err := s.DeleteCredential(t.Context(), token.ID, registry.KindToken, entry("token.delete", token.ID))
	must(t, err)
	if gone.Hash != token.Hash {
		t.Errorf("deleted %+v", gone)
	}
	if a := actions(t, s); len(a) != before+1 {
		t.Errorf("deletion not recorded: %v", a)
	}
	_, err = s.CredentialByHash(t.Context(), token.Hash)
	wantKind(t, err, fault.NotFound)
	_, err = s.Credential(t.Context(), token.ID)
	wantKind(t, err, fault.NotFound)
}

func entryPages(t *testing.T, s registry.Store) {
	var want []registry.Entry // newest first
	for range 7 {
		e := entry("device.update", front)
		put(t, s, front, registry.Change{Audit: []registry.Entry{e}})
		want = slices.Insert(want, 0, e)
	}
	bare := registry.Entry{ID: registry.NewID(), At: now, Actor: "device", Action: "device.admit", Subject: front}
	put(t, s, front, registry.Change{Audit: []registry.Entry{bare}})
	bare.Detail = map[string]any{}
	want = slices.Insert(want, 0, bare)

	first, err := s.Entries(t.Context(), registry.Page{Limit: 3})
	must(t, err)
	rest, err := s.Entries(t.Context(), registry.Page{Limit: 3, Before: first[2].ID})
	must(t, err)
	last, err := s.Entries(t.Context(), registry.Page{Limit: 3, Before: rest[2].ID})
	must(t, err)
	if got := slices.Concat(first, rest, last); !reflect.DeepEqual(got, want) {
		t.Errorf("pages give %v\nwant %v", each(got, entryID), each(want, entryID))
	}
}

func purge(t *testing.T, s registry.Store) {
	old := now.Add(-time.Hour)
	_, err := s.CreateOperator(t.Context(), admin(), entry("o", "admin"))
	must(t, err)
	d, stale, fresh := device(front), request(front, "old"), request(front, "new")
	stale.LastAskedAt = old
	open, done, recent := command(front), command(front), command(front)
	open.CreatedAt = old
	done.State, done.FinishedAt = registry.StateFailed, old
	recent.State, recent.FinishedAt = registry.StateFailed, now
	put(t, s, front, registry.Change{Device: &d, Request: &stale, Commands: []registry.Command{open, done, recent}})
	ancient := entry("ancient", front)
	ancient.At = old
	put(t, s, front, registry.Change{Request: &fresh, Audit: []registry.Entry{ancient}})
	dead, live, forever := credential(registry.KindSession), credential(registry.KindSession), credential(registry.KindToken)
	dead.ExpiresAt, forever.ExpiresAt = old, time.Time{}
	for _, c := range []registry.Credential{dead, live, forever} {
		must(t, s.CreateCredential(t.Context(), c, entry("c", c.ID)))
	}

	must(t, s.Purge(t.Context(), registry.PurgeBefore{}))
	if a := actions(t, s); !slices.Contains(a, "ancient") {
		t.Error("purged without a limit")
	}
	limit := now.Add(-time.Minute)
	must(t, s.Purge(t.Context(), registry.PurgeBefore{RequestsAsked: limit, CommandsFinished: limit, CredentialsExpire: limit, Entries: limit}))
	st := look(t, s, front)
	if len(st.Requests) != 1 || st.Requests[0].ID != fresh.ID || st.Device == nil {
		t.Errorf("left is %+v", st)
	}
	list, err := s.Commands(t.Context(), registry.CommandFilter{}, registry.Page{Limit: 10}, now)
	must(t, err)
	if got := each(list, commandID); !slices.Equal(got, []string{recent.ID, open.ID}) {
		t.Errorf("left are commands %v", got)
	}
	if a := actions(t, s); slices.Contains(a, "ancient") || len(a) != 4 {
		t.Errorf("left of the record is %v", a)
	}
	for c, want := range map[string]bool{dead.ID: false, live.ID: true, forever.ID: true} {
		if _, err := s.Credential(t.Context(), c); (err == nil) != want {
			t.Errorf("credential %s: %v", c, err)
		}
	}
}
