package redis_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/redis"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const front = "24:6F:28:AA:BB:01"

// TestDeviceHash states the contract that telemetry and media read.
func TestDeviceHash(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	p := redis.NewPublisher(client, nil)
	for _, c := range []struct {
		state registry.DeviceState
		want  map[string]string
	}{
		{
			registry.DeviceState{
				DeviceID: front, Epoch: 3, Status: registry.StatusApproved, PrivacyLocked: true, PrivacyGeneration: 7,
				PendingCommands: 2, HeartbeatIntervalSeconds: 30, DeletedAtMs: 1767225600123,
			},
			map[string]string{
				"epoch": "3", "status": "approved", "privacy_locked": "1", "privacy_generation": "7", "pending_commands": "2",
				"heartbeat_interval_seconds": "30", "deleted_at_ms": "1767225600123",
			},
		},
		{
			registry.DeviceState{DeviceID: front, Epoch: 4, Status: registry.StatusRevoked},
			map[string]string{
				"epoch": "4", "status": "revoked", "privacy_locked": "0", "privacy_generation": "0", "pending_commands": "0",
				"heartbeat_interval_seconds": "", "deleted_at_ms": "",
			},
		},
	} {
		if err := p.PublishDevice(t.Context(), c.state); err != nil {
			t.Fatal(err)
		}
		got, err := client.HGetAll(t.Context(), "nestbox:device:"+front).Result()
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("hash %v (%v)\nwant %v", got, err, c.want)
		}
	}
}

func TestOperatorKeys(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	now := time.Now()
	p := redis.NewPublisher(client, func() time.Time { return now })
	ctx := t.Context()
	who := auth.Principal{Name: "admin", CredentialID: "c1", Kind: auth.KindSession}
	hash := auth.HashCredential("x")
	for _, c := range []struct {
		name    string
		expires time.Time
		least   time.Duration
		most    time.Duration
	}{
		{"expires with the credential", now.Add(time.Hour), 59 * time.Minute, time.Hour},
		{"for ever", time.Time{}, -1, -1},
		{"expired", now, -2, -2},
	} {
		if err := p.PublishOperator(ctx, hash, who, c.expires); err != nil {
			t.Fatal(err)
		}
		life, err := client.PTTL(ctx, "nestbox:operator:"+hash).Result()
		if err != nil || life < c.least || life > c.most {
			t.Errorf("%s: lives %v (%v)", c.name, life, err)
		}
	}
	if err := p.PublishOperator(ctx, hash, who, time.Time{}); err != nil {
		t.Fatal(err)
	}
	text, err := client.Get(ctx, "nestbox:operator:"+hash).Result()
	if want := `{"name":"admin","credential_id":"c1","kind":"session"}`; err != nil || text != want {
		t.Errorf("value %s (%v), want %s", text, err, want)
	}
	if all, err := p.PublishedOperators(ctx); err != nil || !slices.Equal(all, []string{hash}) {
		t.Errorf("listed %v (%v)", all, err)
	}
	if err := p.ForgetOperator(ctx, hash); err != nil {
		t.Fatal(err)
	}
	if all, err := p.PublishedOperators(ctx); err != nil || len(all) != 0 {
		t.Errorf("after forgetting: %v (%v)", all, err)
	}
}

func TestPublishedUntilEmptied(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	client := server.Client()
	p := redis.NewPublisher(client, nil)
	published := func() bool {
		t.Helper()
		ok, err := p.Published(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if published() {
		t.Error("an empty Redis is complete")
	}
	end, err := p.BeginPublishing(t.Context())
	if err != nil || published() {
		t.Errorf("complete before all is published (%v)", err)
	}
	if err := end(t.Context()); err != nil || !published() {
		t.Errorf("not complete after being marked (%v)", err)
	}
	if err := client.FlushAll(t.Context()).Err(); err != nil || published() {
		t.Errorf("complete after FLUSHALL (%v)", err)
	}
	if end, err = p.BeginPublishing(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	if err := end(t.Context()); err != nil || published() {
		t.Errorf("complete though it was emptied in between (%v)", err)
	}
	server.Kill()
	if _, err := p.Published(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Redis away: %v", err)
	}
}
