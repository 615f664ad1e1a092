package media

import (
	"sync"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// uploadsPerDevice is how many uploads of one device may be under way. A camera
// sends one after the other, and a few overlap when it gave up on some.
const uploadsPerDevice = 16

// crowd counts what is under way by key, so that one camera gone mad takes no more
// than its share and Reconcile leaves alone what an upload is working on. The zero
// value is ready.
type crowd struct {
	mu    sync.Mutex
	count map[string]int
}

// enter counts one more of key. The returned function must be called once.
func (c *crowd) enter(key string) (leave func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(key)
	return func() { c.leave(key) }
}

// contains reports whether something of key is under way.
func (c *crowd) contains(key string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[key] > 0
}

func (c *crowd) add(key string) {
	if c.count == nil {
		c.count = map[string]int{}
	}
	c.count[key]++
}

func (c *crowd) leave(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count[key]--; c.count[key] <= 0 {
		delete(c.count, key)
	}
}

// limitedCrowd is a crowd of devices with a limit for each.
type limitedCrowd struct{ crowd }

// enter is crowd.enter that refuses when the device has enough under way.
func (c *limitedCrowd) enter(device string) (leave func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.count[device] >= uploadsPerDevice {
		return nil, fault.New(fault.RateLimited, "%d pictures of this camera are being received already. Send one after the other.", uploadsPerDevice).After(uploadRetry)
	}
	c.add(device)
	return func() { c.leave(device) }, nil
}
