package hub

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"

	"home.arpa/nestbox/services/hub/discovery"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

// Endpoints say where a hub serves.
type Endpoints struct {
	// Listen is the address of the API; OpsListen that of probes and metrics, empty for none.
	Listen, OpsListen string
	// Advertise is whether cameras are answered that look for the hub by mDNS; Version is told to them.
	Advertise bool
	Version   string
	// OnReady is called once, when requests are answered; ops is nil without a port for it. Its error stops the hub.
	OnReady func(ctx context.Context, api, ops net.Addr) error
}

// Run serves until ctx ends, then stops in order: see httpx.Server. It is called once.
func (h *Hub) Run(ctx context.Context, e Endpoints) error {
	// What a crash left half done is finished before anybody is served: a camera that sends the interrupted picture again
	// would meet the repair of the same row, and be told to come back. It is a handful, found by an index.
	if _, err := h.media.Repair(ctx); err != nil {
		h.log.WarnContext(ctx, "finish what a crash interrupted; it is tried again", "error", err)
	}
	door, err := h.ListenForOwner(ctx)
	if err != nil {
		return err
	}
	defer door.Close()
	var api, ops net.Addr
	listening := make(chan struct{}) // closed when both addresses are known
	s := httpx.Server{Handler: h.afterPublication(h.engine), Listen: e.Listen, Health: h.health, Logger: h.log}
	s.OnListen = func(a net.Addr) {
		api = a
		if e.OpsListen == "" {
			close(listening)
		}
	}
	if e.OpsListen != "" { // the server opens this one last
		s.Ops, s.OpsListen = httpx.OpsHandler(h.health, h.metrics), e.OpsListen
		s.OnOpsListen = func(a net.Addr) {
			ops = a
			close(listening)
		}
	}
	return s.Run(ctx, append(h.background,
		func(ctx context.Context) error { return h.ServeOwner(ctx, door) },
		func(ctx context.Context) error {
			if !all(ctx, listening, h.spread.filled) {
				return nil
			}
			return e.OnReady(ctx, api, ops)
		},
		func(ctx context.Context) error {
			if e.Advertise && all(ctx, listening) {
				h.advertise(ctx, api, e.Version)
			}
			return nil
		},
	)...)
}

// all waits until every channel is closed, and is false when ctx ends before.
func all(ctx context.Context, closed ...<-chan struct{}) bool {
	for _, c := range closed {
		select {
		case <-c:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// afterPublication holds requests back for the few milliseconds until the states of all devices are where telemetry and media
// look them up; before that a camera that was revoked would pass as unknown.
func (h *Hub) afterPublication(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-h.spread.filled:
			next.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})
}

// advertise answers mDNS until ctx ends. A hub that cannot is still a hub, so a failure is logged and no more.
func (h *Hub) advertise(ctx context.Context, api net.Addr, version string) {
	at, err := netip.ParseAddrPort(api.String())
	if err != nil || at.Addr().IsLoopback() {
		h.log.InfoContext(ctx, "mdns: not advertising an address that cameras cannot reach", "listen", api.String())
		return
	}
	service := Advertised(h.id, at.Port(), version)
	if !at.Addr().IsUnspecified() {
		service.Only = at.Addr().Unmap().WithZone("")
	}
	if err := (&discovery.Responder{Service: service, Logger: h.log}).Run(ctx); err != nil {
		h.log.WarnContext(ctx, "mdns: cameras cannot look for this hub; give them its address", "error", err)
	}
}

// Advertised is what cameras are told that look for a hub, wherever that hub is. id is unique on the network.
func Advertised(id string, port uint16, version string) discovery.Service {
	return discovery.Service{
		ID: id, Port: port, TXT: []string{"path=/api", "version=" + version}, Aliases: []string{"esp32cam"},
	}
}

// networkID is short enough for a name and differs from hub to hub.
func networkID(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:3])
}
