package memory

import (
	"context"
	"sync"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/registry"
)

// Published is a registry.Publisher that keeps what it is told, to be looked up
// in the same process. It is safe for concurrent use.
type Published struct {
	now func() time.Time

	mu        sync.RWMutex
	devices   map[string]registry.DeviceState
	operators map[string]operator
	complete  bool
}

type operator struct {
	principal auth.Principal
	expires   time.Time // zero: never
}

var (
	_ registry.Publisher      = (*Published)(nil)
	_ registry.OperatorLister = (*Published)(nil)
	_ auth.Operators          = (*Published)(nil)
)

// NewPublished returns an empty one. Nil now is time.Now.
func NewPublished(now func() time.Time) *Published {
	if now == nil {
		now = time.Now
	}
	return &Published{now: now, devices: map[string]registry.DeviceState{}, operators: map[string]operator{}}
}

// PublishDevice implements registry.Publisher.
func (p *Published) PublishDevice(_ context.Context, s registry.DeviceState) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices[s.DeviceID] = s
	return nil
}

// PublishOperator implements registry.Publisher.
func (p *Published) PublishOperator(_ context.Context, hash string, who auth.Principal, expires time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.operators[hash] = operator{who, expires}
	return nil
}

// ForgetOperator implements registry.Publisher.
func (p *Published) ForgetOperator(_ context.Context, hash string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.operators, hash)
	return nil
}

// PublishedOperators implements registry.OperatorLister.
func (p *Published) PublishedOperators(context.Context) ([]string, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	hashes := make([]string, 0, len(p.operators))
	for h := range p.operators {
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// Published implements registry.Publisher.
func (p *Published) Published(context.Context) (bool, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.complete, nil
}

// BeginPublishing implements registry.Publisher.
func (p *Published) BeginPublishing(context.Context) (end func(context.Context) error, err error) {
	return func(context.Context) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.complete = true
		return nil
	}, nil
}

// Device returns what was published of a device, and whether anything was.
func (p *Published) Device(id string) (registry.DeviceState, bool) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	s, ok := p.devices[id]
	return s, ok
}

// Lookup implements auth.Operators.
func (p *Published) Lookup(_ context.Context, hash string) (auth.Principal, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	o, ok := p.operators[hash]
	if !ok || !o.expires.IsZero() && !p.now().Before(o.expires) {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "This session or token is not valid. Log in again.")
	}
	return o.principal, nil
}
