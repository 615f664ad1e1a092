package bench

import (
	"context"
	"net"
	"testing"

	"home.arpa/nestbox/services/hub"
	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/registry"
)

// embedded serves the hub as the program nestbox does, from a folder of its own, until the test ends.
func embedded(tb testing.TB) target {
	tb.Helper()
	ctx, stop := context.WithCancel(context.Background())
	h, err := hub.Open(ctx, hub.Config{
		Data:      datadir.Path(tb.TempDir()),
		Enrolment: registry.Policy{Mode: registry.ModeOpen},
		Retention: media.DefaultPolicy(),
		Logger:    observed(tb).Logger,
	})
	if err != nil {
		stop()
		tb.Fatal(err)
	}
	ready, ended := make(chan string, 1), make(chan error, 1)
	go func() {
		ended <- h.Run(ctx, hub.Endpoints{
			Listen: "127.0.0.1:0", OnReady: func(_ context.Context, api, _ net.Addr) error { ready <- api.String(); return nil },
		})
	}()
	tb.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			tb.Errorf("stop: %v", err)
		}
		if err := h.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	var addr string
	select {
	case addr = <-ready:
	case err := <-ended:
		ended <- nil
		tb.Fatalf("serve: %v", err)
	}
	return target{
		variant: "embedded", cameras: enrol(tb, addr), gcPercent: 100,
		addr: map[string]string{"heartbeat": addr, "motion": addr, "picture": addr},
	}
}
