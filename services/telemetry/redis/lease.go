package redis

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/telemetry"
)

// Lease is a telemetry.Lease on Redis: a key with the owner's name that expires
// unless it is renewed. While Redis is away nobody holds it. Two processes may
// believe for a moment that they do, when one of them was frozen; what is done
// under a lease must bear that.
type Lease struct {
	client     *redis.Client
	key, owner string
	life       time.Duration
}

var _ telemetry.Lease = (*Lease)(nil)

// Leases of telemetry. A lease lives several times as long as the pause between
// two passes of its loop, so that one slow pass does not lose it.
const (
	SweeperLease     = "nestbox:telemetry:sweeper"
	SweeperLeaseLife = 5 * time.Second
	KeeperLease      = "nestbox:telemetry:keeper"
	KeeperLeaseLife  = 30 * time.Second
)

// NewLease returns the lease named key. The owner must be unique among all
// processes.
func NewLease(client *redis.Client, key, owner string, life time.Duration) *Lease {
	return &Lease{client: client, key: key, owner: owner, life: life}
}

var holdScript = redis.NewScript(`
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
`)

// Hold implements telemetry.Lease.
func (l *Lease) Hold(ctx context.Context) (bool, error) {
	held, err := holdScript.Run(ctx, l.client, []string{l.key}, l.owner, l.life.Milliseconds()).Int()
	if err != nil {
		return false, rds.Translate(fmt.Errorf("take lease %s: %w", l.key, err))
	}
	return held == 1, nil
}

var releaseScript = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`)

// Release implements telemetry.Lease.
func (l *Lease) Release(ctx context.Context) error {
	if err := releaseScript.Run(ctx, l.client, []string{l.key}, l.owner).Err(); err != nil {
		return rds.Translate(fmt.Errorf("give up lease %s: %w", l.key, err))
	}
	return nil
}
