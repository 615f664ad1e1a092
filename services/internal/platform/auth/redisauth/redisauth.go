// Package redisauth knows the operators that the registry publishes in Redis, for
// the services beside it.
package redisauth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/rds"
)

const (
	// KeyOperator with the hash of a credential behind it holds its auth.Principal
	// as JSON, and expires with the credential.
	KeyOperator = "nestbox:operator:"
	// KeyPublished is there while all valid credentials are.
	KeyPublished = "nestbox:registry:published"
)

// Operators is an auth.Operators in Redis. It keeps nothing itself, so a
// credential that is withdrawn is refused at once, and nobody is let in while
// Redis is away.
type Operators struct{ client *redis.Client }

var _ auth.Operators = (*Operators)(nil)

// NewOperators returns Operators that read through client, which stays the caller's.
func NewOperators(client *redis.Client) *Operators { return &Operators{client: client} }

var (
	errUnknown = fault.New(fault.Unauthenticated, "This login is not valid any more. Log in again.")
	// A Redis that was emptied knows nobody until the registry, which looks twice a
	// second, has written all again: nobody is to log in anew for that.
	errNotPublished = fault.New(fault.Unavailable, "Logins cannot be checked at the moment. Try again in a second.").After(time.Second)
)

// Lookup implements auth.Operators.
func (o *Operators) Lookup(ctx context.Context, credentialHash string) (auth.Principal, error) {
	values, err := o.client.MGet(ctx, KeyOperator+credentialHash, KeyPublished).Result()
	if err != nil {
		return auth.Principal{}, rds.Translate(fmt.Errorf("look up operator: %w", err))
	}
	text, known := values[0].(string)
	switch {
	case !known && values[1] == nil:
		return auth.Principal{}, errNotPublished
	case !known:
		return auth.Principal{}, errUnknown
	}
	var p auth.Principal
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return auth.Principal{}, fmt.Errorf("read what is published of an operator: %w", err)
	}
	return p, nil
}
