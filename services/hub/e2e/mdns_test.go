package e2e

import (
	"context"
	"net/netip"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/miekg/dns"

	"home.arpa/nestbox/services/hub/discovery"
	"home.arpa/nestbox/services/hub/hubtest"
)

// TestCameraFindsTheHub asks as an emulated camera does, from an ephemeral port. It needs a network interface that can
// multicast, which any machine or container with a network has; without one the hub must run all the same.
func TestCameraFindsTheHub(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_MDNS=true", "NESTBOX_LISTEN=:0")
	interfaces, err := discovery.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if len(interfaces) == 0 {
		t.Log("no interface can multicast: the hub runs, and nobody can look for it")
		return
	}
	at := netip.MustParseAddrPort(h.url[len("http://"):])
	ask := func(q dns.Question) *dns.Msg {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		m, err := discovery.Ask(ctx, q, nil)
		if err != nil {
			return nil
		}
		return m
	}
	hubtest.Eventually(t, 30*time.Second, "the service leads to the hub's port", func() bool {
		m := ask(dns.Question{Name: "_nestbox._tcp.local.", Qtype: dns.TypePTR, Qclass: dns.ClassINET})
		return m != nil && slices.ContainsFunc(m.Extra, func(rr dns.RR) bool {
			srv, ok := rr.(*dns.SRV)
			return ok && srv.Port == at.Port()
		}) && slices.ContainsFunc(m.Extra, func(rr dns.RR) bool {
			txt, ok := rr.(*dns.TXT)
			return ok && slices.Equal(txt.Txt, []string{"path=/api", "version=0.0.0-e2e"})
		})
	})
	hubtest.Eventually(t, 30*time.Second, "the story's name leads to an address of this machine", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		found, err := discovery.Lookup(ctx, "esp32cam.local", nil)
		return err == nil && len(found) > 0
	})

	env := []string{"NESTBOX_MDNS=true", "NESTBOX_LISTEN=:" + strconv.Itoa(int(at.Port())), "NESTBOX_OPS_LISTEN=" + h.ops[len("http://"):]}
	if r := run(t, h.dir, env, "doctor"); r.code != 0 {
		t.Errorf("doctor: exit code %d\n%s", r.code, r.out)
	}
	h.stop()
	if m := ask(dns.Question{Name: "_nestbox._tcp.local.", Qtype: dns.TypePTR, Qclass: dns.ClassINET}); m != nil &&
		slices.ContainsFunc(m.Extra, func(rr dns.RR) bool {
			srv, ok := rr.(*dns.SRV)
			return ok && srv.Port == at.Port()
		}) {
		t.Error("a hub that stopped is still advertised")
	}
}
