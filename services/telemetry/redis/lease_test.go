package redis_test

import (
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/telemetry/redis"
)

func TestLease(t *testing.T) {
	t.Parallel()
	client := redistest.New(t)
	const life = 3 * time.Second
	one := redis.NewLease(client, "nestbox:test", "one", life)
	two := redis.NewLease(client, "nestbox:test", "two", life)
	holds := func(l *redis.Lease) bool {
		t.Helper()
		held, err := l.Hold(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return held
	}
	if !holds(one) || holds(two) || !holds(one) {
		t.Fatal("the first to come does not hold the lease alone")
	}
	// The loser gives up nothing that is not its own.
	if err := two.Release(t.Context()); err != nil || holds(two) {
		t.Fatalf("a lease was given up by who does not hold it: %v", err)
	}
	began := time.Now()
	if err := one.Release(t.Context()); err != nil || !holds(two) || holds(one) {
		t.Fatalf("a lease that was given up is not free: %v", err)
	}
	// The holder dies: the lease runs out.
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds(one) {
		if time.Since(began) > 30*time.Second {
			t.Fatal("the lease does not run out")
		}
		<-tick.C
	}
	if took := time.Since(began); took < life-50*time.Millisecond {
		t.Errorf("the lease ran out after %v, want %v", took, life)
	}
}
