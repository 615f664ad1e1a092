package redisauth_test

import (
	"testing"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOperatorsAreThoseThatThePublishedKeysName(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	client := server.Client()
	operators := redisauth.NewOperators(client)
	hash := auth.HashCredential(auth.NewCredential())
	refused := func(when string, kind fault.Kind) {
		t.Helper()
		if p, err := operators.Lookup(t.Context(), hash); fault.KindOf(err) != kind {
			t.Errorf("%s: %+v, %v; want %v", when, p, err, kind)
		}
	}
	set := func(key, value string) {
		t.Helper()
		if err := client.Set(t.Context(), key, value, 0).Err(); err != nil {
			t.Fatal(err)
		}
	}

	refused("nothing is published yet", fault.Unavailable)
	set(redisauth.KeyPublished, "1")
	refused("an unknown credential", fault.Unauthenticated)
	set(redisauth.KeyOperator+hash, `{"name":"admin","credential_id":"c1","kind":"session"}`)
	p, err := operators.Lookup(t.Context(), hash)
	if want := (auth.Principal{Name: "admin", CredentialID: "c1", Kind: auth.KindSession}); err != nil || p != want {
		t.Errorf("%+v, %v; want %+v", p, err, want)
	}
	set(redisauth.KeyOperator+hash, "{")
	refused("a garbled entry", fault.Internal)
	if err := client.Del(t.Context(), redisauth.KeyOperator+hash).Err(); err != nil {
		t.Fatal(err)
	}
	refused("a withdrawn credential", fault.Unauthenticated)
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	refused("Redis was emptied", fault.Unavailable)
	server.Kill()
	refused("Redis is away", fault.Unavailable)
}
