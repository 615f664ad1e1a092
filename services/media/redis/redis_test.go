package redis_test

import (
	"errors"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

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

func TestServerGoneIsUnavailableSoonAndHeals(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	c := server.Client()
	states := redis.NewStates(c)
	publish(t, c, device, nil)
	server.Kill()
	start := time.Now()
	if _, err := states.State(t.Context(), device); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("%v, want Unavailable", err)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("took %v", took)
	}
	server.Start()
	publish(t, c, device, nil)
	if _, err := states.State(t.Context(), device); err != nil {
		t.Errorf("after the server is back: %v", err)
	}
}
