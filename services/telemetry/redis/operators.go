package redis

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/rds"
)

// prefixOperator is of the credentials of operators, which the registry writes:
// JSON by the hash of the credential, expiring with it.
const prefixOperator = "nestbox:operator:"

// Operators is the auth.Operators of what the registry publishes.
type Operators struct {
	client *redis.Client
}

var _ auth.Operators = (*Operators)(nil)

// NewOperators returns Operators on this client, which stays the caller's.
func NewOperators(client *redis.Client) *Operators {
	return &Operators{client: client}
}

// Lookup implements auth.Operators. Nothing is kept here, so a credential that
// is withdrawn is refused at once, and nobody is let in while Redis is away.
func (o *Operators) Lookup(ctx context.Context, credentialHash string) (auth.Principal, error) {
	raw, err := o.client.Get(ctx, prefixOperator+credentialHash).Bytes()
	if errors.Is(err, redis.Nil) {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "This login is not valid any more. Log in again.")
	}
	if err != nil {
		return auth.Principal{}, rds.Translate(fmt.Errorf("look up operator: %w", err))
	}
	var p auth.Principal
	if err := json.Unmarshal(raw, &p); err != nil {
		return auth.Principal{}, fmt.Errorf("read what is published of an operator: %w", err)
	}
	return p, nil
}
