// Package redis tells the other services and the other registry processes what
// changed, through Redis. Redis is a helper: what is lost there is in the
// database, and registry.Service puts it back.
//
// Keys, all written by the registry alone:
//
//	nestbox:device:{ID}          hash, see PublishDevice
//	nestbox:operator:{sha256hex} JSON of auth.Principal, expires with the credential
//	nestbox:registry:published   present while all of the above is complete
//	nestbox:registry:publishing:{UUID}  present while a process completes it; gone if Redis is emptied meanwhile
//	nestbox:commands             pub/sub channel, each message the id of a device
package redis

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/auth/redisauth"
	"home.arpa/nestbox/services/internal/platform/rds"
	"home.arpa/nestbox/services/registry"
)

const (
	keyDevice    = "nestbox:device:"
	keyOperator  = redisauth.KeyOperator
	keyPublished = redisauth.KeyPublished

	keyPublishing = "nestbox:registry:publishing:"
	// publishingExpires is far more than publishing takes.
	publishingExpires = 10 * time.Minute
)

// Publisher implements registry.Publisher. Its errors are fault.Unavailable when
// Redis is away.
type Publisher struct {
	client *redis.Client
	now    func() time.Time
}

var (
	_ registry.Publisher      = (*Publisher)(nil)
	_ registry.OperatorLister = (*Publisher)(nil)
)

// NewPublisher returns a publisher. The client stays the caller's. Nil now is
// time.Now.
func NewPublisher(client *redis.Client, now func() time.Time) *Publisher {
	if now == nil {
		now = time.Now
	}
	return &Publisher{client: client, now: now}
}

// PublishDevice writes all fields at once: a hash is never seen half written.
//
// epoch, status, privacy_locked (0 or 1), privacy_generation, pending_commands,
// heartbeat_interval_seconds (empty: the default), deleted_at_ms (empty: never;
// it can be set on an approved device that came back).
func (p *Publisher) PublishDevice(ctx context.Context, s registry.DeviceState) error {
	locked := 0
	if s.PrivacyLocked {
		locked = 1
	}
	err := p.client.HSet(ctx, keyDevice+s.DeviceID,
		"epoch", s.Epoch,
		"status", string(s.Status),
		"privacy_locked", locked,
		"privacy_generation", s.PrivacyGeneration,
		"pending_commands", s.PendingCommands,
		"heartbeat_interval_seconds", orEmpty(int64(s.HeartbeatIntervalSeconds)),
		"deleted_at_ms", orEmpty(s.DeletedAtMs),
	).Err()
	return failed(err, "publish device %s", s.DeviceID)
}

// orEmpty writes 0 as an empty field.
func orEmpty(n int64) any {
	if n == 0 {
		return ""
	}
	return n
}

// PublishOperator implements registry.Publisher.
func (p *Publisher) PublishOperator(ctx context.Context, hash string, who auth.Principal, expires time.Time) error {
	var life time.Duration // 0: for ever
	if !expires.IsZero() {
		if life = expires.Sub(p.now()); life < time.Millisecond {
			return p.ForgetOperator(ctx, hash)
		}
	}
	text, err := json.Marshal(who)
	if err != nil {
		return fmt.Errorf("encode principal: %w", err)
	}
	return failed(p.client.Set(ctx, keyOperator+hash, text, life).Err(), "publish credential %s", who.CredentialID)
}

// ForgetOperator implements registry.Publisher.
func (p *Publisher) ForgetOperator(ctx context.Context, hash string) error {
	return failed(p.client.Del(ctx, keyOperator+hash).Err(), "forget a credential")
}

// PublishedOperators implements registry.OperatorLister. SCAN may miss what is
// written meanwhile, which this process or the writer has just looked at anyway.
func (p *Publisher) PublishedOperators(ctx context.Context) ([]string, error) {
	var hashes []string
	for cursor := uint64(0); ; {
		keys, next, err := p.client.Scan(ctx, cursor, keyOperator+"*", 1000).Result()
		if err != nil {
			return nil, failed(err, "list published credentials")
		}
		for _, k := range keys {
			hashes = append(hashes, strings.TrimPrefix(k, keyOperator))
		}
		if cursor = next; cursor == 0 {
			return hashes, nil
		}
	}
}

// Published implements registry.Publisher.
func (p *Publisher) Published(ctx context.Context) (bool, error) {
	n, err := p.client.Exists(ctx, keyPublished).Result()
	return n == 1, failed(err, "look whether all is published")
}

// BeginPublishing implements registry.Publisher.
func (p *Publisher) BeginPublishing(ctx context.Context) (end func(context.Context) error, err error) {
	mine := keyPublishing + registry.NewID()
	if err := p.client.Set(ctx, mine, 1, publishingExpires).Err(); err != nil {
		return nil, failed(err, "begin to publish all")
	}
	return func(ctx context.Context) error {
		err := markPublished.Run(ctx, p.client, []string{mine, keyPublished}).Err()
		return failed(err, "mark all as published")
	}, nil
}

// markPublished does nothing when Redis has lost the first key, and so what was
// published behind it.
var markPublished = redis.NewScript(`
if redis.call('DEL', KEYS[1]) == 1 then
	redis.call('SET', KEYS[2], 1)
end
return 1
`)

func failed(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return rds.Translate(fmt.Errorf(format+": %w", append(args, err)...))
}
