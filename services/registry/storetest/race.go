package storetest

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

// oneFinalState lets the device answer, an operator cancel and the deadline pass
// at the same moment, through the rules themselves: exactly one of them wins,
// all others learn of it, and nobody is told two different ends.
func oneFinalState(t *testing.T, s registry.Store) {
	put(t, s, front, registry.Change{Device: ptr(device(front))})
	clock := &clock{}
	clock.set(now)
	seen := &watcher{}
	svc, err := registry.NewService(registry.Options{
		Store: s, Publisher: nowhere{}, Notifier: nowhere{}, Passwords: nowhere{}, Signer: nowhere{},
		Limits:    registry.Limits{Enrolment: nowhere{}, Login: nowhere{}, LoginTotal: nowhere{}},
		Enrolment: registry.Policy{Mode: registry.ModeApprove}, Events: seen, Now: clock.now,
	})
	must(t, err)
	claims := auth.Claims{Subject: front, Epoch: 1, ExpiresAt: now.Add(time.Hour)}
	admin := auth.Principal{Name: "admin"}

	for round := range 12 {
		clock.set(now)
		c, err := svc.CreateCommand(t.Context(), admin, registry.Order{DeviceID: front, Kind: registry.KindIdentify})
		must(t, err)
		handed, err := svc.NextCommands(t.Context(), claims, front, 0, nil)
		must(t, err)
		if len(handed) != 1 {
			t.Fatalf("round %d: handed %d commands", round, len(handed))
		}
		// Half of the rounds at a moment when the deadline has just passed for some.
		clock.set(c.ExpiresAt.Add(time.Duration(round%2-1) * time.Millisecond))

		ends := []func(context.Context) (registry.State, error){
			func(ctx context.Context) (registry.State, error) {
				return registry.StateSucceeded, svc.FinishCommand(ctx, claims, front, c.ID, registry.Result{State: registry.StateSucceeded})
			},
			func(ctx context.Context) (registry.State, error) {
				return registry.StateFailed, svc.FinishCommand(ctx, claims, front, c.ID, registry.Result{State: registry.StateFailed, Detail: "x"})
			},
			func(ctx context.Context) (registry.State, error) {
				_, err := svc.CancelCommand(ctx, admin, c.ID)
				return registry.StateCancelled, err
			},
			func(ctx context.Context) (registry.State, error) {
				expired, err := s.ExpireCommands(ctx, c.ExpiresAt.Add(-time.Duration(round%3)*time.Millisecond), 10)
				// The command of an earlier round can be among them: overdue, and open in
				// the table only.
				if err == nil && !slices.Contains(each(expired, commandID), c.ID) {
					err = fault.New(fault.Conflict, "it did not expire")
				}
				return registry.StateExpired, err
			},
		}
		var mu sync.Mutex
		var won []registry.State
		atOnce(t.Context(), 2*len(ends), func(ctx context.Context, i int) {
			state, err := ends[i%len(ends)](ctx)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won = append(won, state)
			} else if fault.KindOf(err) != fault.Conflict {
				t.Errorf("round %d, %s: %v", round, state, err)
			}
		})
		got, err := svc.Command(t.Context(), c.ID)
		must(t, err)
		if !got.State.Final() {
			t.Fatalf("round %d: still %s", round, got.State)
		}
		if slices.ContainsFunc(won, func(st registry.State) bool { return st != got.State }) {
			t.Errorf("round %d: it is %s, and these were told yes: %v", round, got.State, won)
		}
		if ends := seen.finals(c.ID); len(ends) > 1 {
			t.Errorf("round %d: watchers saw it end as %v", round, ends)
		}
	}
}

type clock struct{ at atomic.Int64 }

func (c *clock) set(t time.Time) { c.at.Store(t.UnixMilli()) }
func (c *clock) now() time.Time  { return time.UnixMilli(c.at.Load()) }

// watcher remembers the final states that were announced.
type watcher struct {
	mu   sync.Mutex
	seen []registry.CommandEvent
}

func (w *watcher) Publish(_ context.Context, _ string, data any) error {
	if e, ok := data.(registry.CommandEvent); ok && e.State.Final() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.seen = append(w.seen, e)
	}
	return nil
}

func (w *watcher) finals(id string) (states []registry.State) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range w.seen {
		if e.CommandID == id {
			states = append(states, e.State)
		}
	}
	return states
}

// nowhere stands for all that a store test has no use for.
type nowhere struct{}

func (nowhere) PublishDevice(context.Context, registry.DeviceState) error { return nil }
func (nowhere) PublishOperator(context.Context, string, auth.Principal, time.Time) error {
	return nil
}
func (nowhere) ForgetOperator(context.Context, string) error { return nil }
func (nowhere) Published(context.Context) (bool, error)      { return true, nil }
func (nowhere) BeginPublishing(context.Context) (func(context.Context) error, error) {
	return func(context.Context) error { return nil }, nil
}
func (nowhere) Notify(context.Context, string) error                 { return nil }
func (nowhere) Listen(string) (<-chan struct{}, func())              { return nil, func() {} }
func (nowhere) Reachable() bool                                      { return true }
func (nowhere) Hash(context.Context, string) (string, error)         { return "", nil }
func (nowhere) Verify(context.Context, string, string) (bool, error) { return false, nil }
func (nowhere) Sign(auth.Claims) (string, error)                     { return "", nil }
func (nowhere) Peek(context.Context, string) (time.Duration, error)  { return 0, nil }
func (nowhere) Allow(context.Context, string) (time.Duration, error) { return 0, nil }
