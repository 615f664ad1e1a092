package redis_test

import (
	"testing"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/telemetry/redis"
)

func TestOperatorsAreThoseThatThePublishedKeysName(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	client := server.Client()
	operators := redis.NewOperators(client)
	hash := auth.HashCredential(auth.NewCredential())
	if _, err := operators.Lookup(t.Context(), hash); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("an unknown credential: %v", err)
	}
	if err := client.Set(t.Context(), "nestbox:operator:"+hash, `{"name":"admin","credential_id":"c1","kind":"session"}`, 0).Err(); err != nil {
		t.Fatal(err)
	}
	p, err := operators.Lookup(t.Context(), hash)
	if want := (auth.Principal{Name: "admin", CredentialID: "c1", Kind: auth.KindSession}); err != nil || p != want {
		t.Errorf("%+v, %v; want %+v", p, err, want)
	}
	if err := client.Del(t.Context(), "nestbox:operator:"+hash).Err(); err != nil {
		t.Fatal(err)
	}
	if _, err := operators.Lookup(t.Context(), hash); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("a withdrawn credential: %v", err)
	}
	server.Kill()
	if _, err := operators.Lookup(t.Context(), hash); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("without Redis: %v", err)
	}
}
