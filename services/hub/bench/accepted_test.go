package bench

import (
	"testing"
	"time"
)

// TestEveryPathIsAccepted sends a little of what the benchmarks send, so that they break when the hub changes and not
// when somebody next measures.
func TestEveryPathIsAccepted(t *testing.T) {
	for _, set := range []func(testing.TB) target{embedded, served} {
		hub := set(t)
		for _, p := range []path{paths.heartbeat, paths.motion, paths.picture} {
			l := connect(t, hub.addr[p.name], requests(hub.cameras, p.request))
			answered, _, err := l.run(300 * time.Millisecond)
			if err != nil || answered < uint64(*clients) {
				t.Errorf("%s %s: %d answered, error %v", hub.variant, p.name, answered, err)
			}
		}
	}
}
