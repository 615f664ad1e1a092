package harness

import (
	"testing"
	"time"
)

const pollEvery = 50 * time.Millisecond

// Until asks again and again until the condition holds, and fails the test when that takes longer than the patience. `what`
// completes "did not come about: ". It asks every 50 ms at first and up to every second later: the asked have other work.
func Until(t *testing.T, what string, patience time.Duration, holds func() bool) {
	t.Helper()
	start := time.Now()
	deadline := time.After(patience)
	for !holds() {
		pause := min(max(time.Since(start)/20, pollEvery), time.Second)
		select {
		case <-time.After(pause):
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
