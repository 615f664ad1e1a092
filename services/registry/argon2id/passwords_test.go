package argon2id

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"

	"home.arpa/nestbox/services/internal/platform/fault"
)

func TestHashAndVerify(t *testing.T) {
	t.Parallel()
	p := New()
	hash, err := p.Hash(t.Context(), "correct horse")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("hash %q (%v)", hash, err)
	}
	for _, c := range []struct {
		password, hash string
		right          bool
	}{
		{"correct horse", hash, true}, {"correct horsf", hash, false}, {"", hash, false}, {"correct horse", "", false}, {"", "", false},
	} {
		if right, err := p.Verify(t.Context(), c.password, c.hash); err != nil || right != c.right {
			t.Errorf("%q against %q: %v (%v)", c.password, c.hash, right, err)
		}
	}
	if _, err := p.Verify(t.Context(), "x", "no hash"); err == nil {
		t.Error("garbage in the table was taken for a hash")
	}
}

// TestUnknownNameCostsTheSame compares the work and not the clock: what stands in
// for a hash must have the same parameters.
func TestUnknownNameCostsTheSame(t *testing.T) {
	t.Parallel()
	got, salt, key, err := argon2id.DecodeHash(nobody)
	if err != nil || *got != *params || len(salt) != int(params.SaltLength) || len(key) != int(params.KeyLength) {
		t.Errorf("params %+v, want %+v (%v)", got, params, err)
	}
}

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	p := New()
	p.turn <- struct{}{} // somebody hashes
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := p.Hash(ctx, "correct horse"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("did not wait for its turn: %v", err)
	}
	<-p.turn
	if _, err := p.Hash(t.Context(), "correct horse"); err != nil {
		t.Error(err)
	}
}
