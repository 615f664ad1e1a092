// Package argon2id hashes operators' passwords.
package argon2id

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/alexedwards/argon2id"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

// params are the second choice of the OWASP password storage guide, the one with
// the least memory that is still advised: 19 MiB, two passes, one lane. More
// would not fit beside everything else in a Pi Zero.
// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html
var params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is compared with when there is no hash, so that an unknown name costs
// the same time as a wrong password. Random bytes under the same params; even
// who found its password would not get in, see Verify.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$8GEm9d3mUwvs6fMwCXg/Yw$xyUU+ZmzCZqtT153SvHClYj7KUhGPR1bUKMlbva3wrU"

// Passwords implements registry.Passwords. Its methods hash one password at a
// time, so that many who log in at once cost time and not memory.
type Passwords struct{ turn chan struct{} }

var _ registry.Passwords = (*Passwords)(nil)

// New returns one. One is enough for a process.
func New() *Passwords { return &Passwords{turn: make(chan struct{}, 1)} }

// Hash implements registry.Passwords.
func (p *Passwords) Hash(ctx context.Context, password string) (hash string, err error) {
	err = p.alone(ctx, func() (err error) {
		hash, err = argon2id.CreateHash(password, params)
		return err
	})
	return hash, err
}

// Verify implements registry.Passwords.
func (p *Passwords) Verify(ctx context.Context, password, hash string) (right bool, err error) {
	err = p.alone(ctx, func() (err error) {
		known := hash != ""
		if !known {
			hash = nobody
		}
		right, err = argon2id.ComparePasswordAndHash(password, hash)
		right = right && known
		return err
	})
	return right, err
}

// alone waits for its turn and runs f.
func (p *Passwords) alone(ctx context.Context, f func() error) error {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return fault.Wrap(ctx.Err(), fault.Unavailable, "The hub is busy with other logins. Try again shortly.")
	}
	defer func() {
		// The 19 MiB go back to the system at once: an idle hub must stay below 40 MB,
		// and the collector would keep them for minutes.
		debug.FreeOSMemory()
		<-p.turn
	}()
	if err := f(); err != nil {
		return fmt.Errorf("hash a password: %w", err)
	}
	return nil
}
