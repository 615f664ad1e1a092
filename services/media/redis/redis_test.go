package redis_test

import (
	"context"
	"errors"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/redis"
	"home.arpa/nestbox/services/media/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const device = "AA:BB:CC:DD:EE:FF"

// publish writes the hash as the registry does, all fields.
func publish(t *testing.T, c *goredis.Client, id string, change map[string]any) {
	t.Helper()
	hash := map[string]any{
		"epoch": 3, "status": "approved", "privacy_locked": 0, "privacy_generation": 7,
		"pending_commands": 0, "heartbeat_interval_seconds": "", "deleted_at_ms": "",
	}
	for k, v := range change {
		hash[k] = v
	}
	key := "nestbox:device:" + id
	if err := errors.Join(c.Del(t.Context(), key).Err(), c.HSet(t.Context(), key, hash).Err()); err != nil {
		t.Fatal(err)
	}
}

func TestStates(t *testing.T) {
	t.Parallel()
	storetest.ExerciseStates(t, func(t *testing.T) (media.States, func(media.DeviceState)) {
		c := redistest.New(t)
		return redis.NewStates(c), func(s media.DeviceState) {
			t.Helper()
			change := map[string]any{
				"epoch": s.Epoch, "status": string(s.Status), "privacy_locked": s.PrivacyLocked, "privacy_generation": s.PrivacyGeneration,
			}
			if !s.DeletedAt.IsZero() {
				change["deleted_at_ms"] = s.DeletedAt.UnixMilli()
			}
			publish(t, c, s.DeviceID, change)
		}
	})
}

// TestGarbledStateIsAnError keeps a damaged hash from unlocking a camera.
func TestGarbledStateIsAnError(t *testing.T) {
	t.Parallel()
	c := redistest.New(t)
	for _, change := range []map[string]any{
		{"privacy_locked": ""}, {"privacy_locked": "perhaps"}, {"epoch": "x"}, {"privacy_generation": ""}, {"deleted_at_ms": "soon"},
	} {
		publish(t, c, device, change)
		if s, err := redis.NewStates(c).State(t.Context(), device); err == nil {
			t.Errorf("%v: %+v, want an error", change, s)
		}
	}
	if err := c.HDel(t.Context(), "nestbox:device:"+device, "privacy_locked").Err(); err != nil {
		t.Fatal(err)
	}
	if s, err := redis.NewStates(c).State(t.Context(), device); err == nil || errors.Is(err, media.ErrNoState) {
		t.Errorf("half a hash: %+v, %v; want an error", s, err)
	}
}

func TestOperators(t *testing.T) {
	t.Parallel()
	c := redistest.New(t)
	ops := redis.NewOperators(c)
	if _, err := ops.Lookup(t.Context(), "abc"); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("unknown: %v, want Unauthenticated", err)
	}
	if err := c.Set(t.Context(), "nestbox:operator:abc", `{"name":"ada","credential_id":"c1","kind":"session"}`, time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	want := auth.Principal{Name: "ada", CredentialID: "c1", Kind: auth.KindSession}
	if got, err := ops.Lookup(t.Context(), "abc"); err != nil || got != want {
		t.Errorf("Lookup = %+v, %v; want %+v", got, err, want)
	}
	if err := c.Set(t.Context(), "nestbox:operator:bad", "{", time.Minute).Err(); err != nil {
		t.Fatal(err)
	}
	if p, err := ops.Lookup(t.Context(), "bad"); err == nil {
		t.Errorf("garbled: %+v", p)
	}
}

func TestServerGoneIsUnavailableSoonAndHeals(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	c := server.Client()
	states, ops := redis.NewStates(c), redis.NewOperators(c)
	publish(t, c, device, nil)
	server.Kill()
	for name, call := range map[string]func(context.Context) error{
		"State":  func(ctx context.Context) error { _, err := states.State(ctx, device); return err },
		"Lookup": func(ctx context.Context) error { _, err := ops.Lookup(ctx, "abc"); return err },
	} {
		start := time.Now()
		if err := call(t.Context()); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v, want Unavailable", name, err)
		}
		if took := time.Since(start); took > time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	server.Start()
	publish(t, c, device, nil)
	if _, err := states.State(t.Context(), device); err != nil {
		t.Errorf("after the server is back: %v", err)
	}
}
