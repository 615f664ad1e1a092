package redis_test

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/redis"
	"home.arpa/nestbox/services/telemetry/storetest"
)

const device = "AA:BB:CC:DD:EE:FF"

// publish writes a state as the registry does.
func publish(t *testing.T, client *goredis.Client, id string, s telemetry.DeviceState) {
	t.Helper()
	fields := map[string]any{
		"epoch": s.Epoch, "status": string(s.Status), "privacy_locked": "0", "privacy_generation": s.PrivacyGeneration,
		"pending_commands": s.PendingCommands, "heartbeat_interval_seconds": "", "deleted_at_ms": "",
	}
	if s.PrivacyLocked {
		fields["privacy_locked"] = "1"
	}
	if s.HeartbeatInterval > 0 {
		fields["heartbeat_interval_seconds"] = strconv.Itoa(int(s.HeartbeatInterval / time.Second))
	}
	if !s.DeletedAt.IsZero() {
		fields["deleted_at_ms"] = s.DeletedAt.UnixMilli()
	}
	if err := client.HSet(t.Context(), "nestbox:device:"+id, fields).Err(); err != nil {
		t.Fatal(err)
	}
}

func TestBeats(t *testing.T) {
	t.Parallel()
	storetest.ExerciseBeats(t, func(t *testing.T) storetest.Beats {
		client := redistest.New(t)
		return storetest.Beats{
			BeatStore: redis.NewBeats(client),
			SetState:  func(id string, s telemetry.DeviceState) { publish(t, client, id, s) },
		}
	})
}

func TestThePresenceKeyLivesForTheAllowedSilence(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	store := redis.NewBeats(client)
	sleep := int64(600)
	for name, test := range map[string]struct {
		interval string
		reading  telemetry.Reading
		want     time.Duration
	}{
		"default":             {"", telemetry.Reading{}, 150 * time.Second},
		"by the operator":     {"20", telemetry.Reading{}, 50 * time.Second},
		"asleep":              {"20", telemetry.Reading{SleepSeconds: &sleep}, 620 * time.Second},
		"not a number":        {"soon", telemetry.Reading{}, 150 * time.Second},
		"negative":            {"-20", telemetry.Reading{}, 150 * time.Second},
		"longer than allowed": {"86400", telemetry.Reading{}, 150 * time.Second},
	} {
		if err := client.HSet(t.Context(), "nestbox:device:"+device, "epoch", 1, "heartbeat_interval_seconds", test.interval).Err(); err != nil {
			t.Fatal(err)
		}
		b := telemetry.Beat{DeviceID: device, Epoch: 1, ReceivedAt: time.Now(), Reading: test.reading}
		state, err := store.Beat(t.Context(), &b)
		if err != nil {
			t.Fatal(err)
		}
		ttl := client.PTTL(t.Context(), "nestbox:presence:"+device).Val()
		if ttl > test.want || ttl < test.want-10*time.Second {
			t.Errorf("%s: the key lives for %v, want %v", name, ttl, test.want)
		}
		if want := telemetry.AllowedSilence(state.Interval(), test.reading.Sleep()); want != test.want {
			t.Errorf("%s: the store allows %v, the rule %v", name, test.want, want)
		}
	}
	if ttl := client.PTTL(t.Context(), "nestbox:reading:"+device).Val(); ttl != -1 {
		t.Errorf("the reading expires in %v", ttl)
	}
}

// What somebody else wrote into our keys must not stop a heartbeat or the sweep.
func TestForeignValuesAreNotBeats(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	store := redis.NewBeats(client)
	for _, key := range []string{"nestbox:presence:", "nestbox:reading:"} {
		if err := client.Set(t.Context(), key+device, "garbage", 0).Err(); err != nil {
			t.Fatal(err)
		}
	}
	if _, last, err := store.Device(t.Context(), device); last != nil || err != nil {
		t.Errorf("beat %v, %v", last, err)
	}
	if beats, err := store.Live(t.Context(), []string{device}); len(beats) != 0 || err != nil {
		t.Errorf("beats %v, %v", beats, err)
	}
	b := telemetry.Beat{DeviceID: device, ReceivedAt: time.Now()}
	if _, err := store.Beat(t.Context(), &b); err != nil {
		t.Error(err)
	}
}

func TestABeatIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	store := redis.NewBeats(client)
	b := telemetry.Beat{DeviceID: device, ReceivedAt: time.Now()}
	if _, err := store.Beat(t.Context(), &b); err != nil { // loads the script
		t.Fatal(err)
	}
	before := commands(t, client)
	const beats = 20
	for range beats {
		if _, err := store.Beat(t.Context(), &b); err != nil {
			t.Fatal(err)
		}
	}
	// A command inside the script is not one that was sent.
	sent := commands(t, client)
	if got := sent["evalsha"] - before["evalsha"]; got != beats {
		t.Errorf("%d calls for %d beats", got, beats)
	}
	for _, name := range []string{"eval", "get", "hgetall", "exists", "multi"} {
		if sent[name] != before[name] {
			t.Errorf("a beat calls %s", name)
		}
	}
}

// commands returns how often each command was called, by INFO's
// "cmdstat_get:calls=21,usec=…".
func commands(t *testing.T, client *goredis.Client) map[string]int {
	t.Helper()
	info, err := client.Info(t.Context(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for _, m := range regexp.MustCompile(`cmdstat_(\S+?):calls=(\d+)`).FindAllStringSubmatch(info, -1) {
		if calls[m[1]], err = strconv.Atoi(m[2]); err != nil {
			t.Fatal(err)
		}
	}
	return calls
}

func TestAServerThatIsAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	server := redistest.StartServer(t)
	store := redis.NewBeats(server.Client())
	server.Kill()
	b := telemetry.Beat{DeviceID: device, ReceivedAt: time.Now()}
	ctx := t.Context()
	_, beatErr := store.Beat(ctx, &b)
	_, _, deviceErr := store.Device(ctx, device)
	_, statesErr := store.States(ctx, []string{device})
	_, latestErr := store.Latest(ctx, []string{device})
	_, liveErr := store.Live(ctx, []string{device})
	_, marksErr := store.Marks(ctx)
	_, holdErr := redis.NewLease(server.Client(), "k", "o", time.Second).Hold(ctx)
	for name, err := range map[string]error{
		"Beat": beatErr, "Device": deviceErr, "States": statesErr, "Latest": latestErr, "Live": liveErr, "Marks": marksErr,
		"Forget": store.Forget(ctx, device, time.Now()), "Ping": store.Ping(ctx), "Hold": holdErr,
	} {
		if fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}
