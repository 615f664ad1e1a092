package harness

import (
	"testing"
	"time"
)

const pollEvery = 50 * time.Millisecond

// Until asks again and again until the condition holds, and fails the test when that takes longer than the patience. `what`
// completes "did not come about: ".
func Until(t *testing.T, what string, patience time.Duration, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("did not come about within %v: %s", patience, what)
		}
	}
}

// Throughout asks again and again for a while; the condition must hold each time.
func Throughout(t *testing.T, what string, length time.Duration, holds func() bool) {
	t.Helper()
	end := time.After(length)
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if !holds() {
			t.Fatalf("did not stay so for %v: %s", length, what)
		}
		select {
		case <-tick.C:
		case <-end:
			return
		}
	}
}
