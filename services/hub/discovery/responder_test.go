package discovery

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// loopback keeps the tests off the network: Linux delivers multicast on lo when asked to, though lo does not say so.
func loopback() ([]net.Interface, error) {
	all, err := net.Interfaces()
	return slices.DeleteFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback == 0 }), err
}

// start runs a responder on loopback; stop ends it and waits.
func start(t *testing.T, s Service) (stop func()) {
	t.Helper()
	return startWith(t, &Responder{Service: s})
}

func startWith(t *testing.T, r *Responder) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	r.Logger, r.Interfaces = slog.New(slog.DiscardHandler), loopback
	go func() { done <- r.Run(ctx) }()
	stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
		done <- nil
	}
	t.Cleanup(stop)
	return stop
}

// eventually asks until an answer comes: the responder opens its socket in the background.
func eventually(t *testing.T, q dns.Question) *dns.Msg {
	t.Helper()
	for range 150 {
		ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
		m, err := Ask(ctx, q, loopback)
		cancel()
		if err == nil {
			return m
		}
	}
	t.Fatalf("no answer for %s", q.Name)
	return nil
}

func TestEphemeralPortGetsTheServiceOverTheWire(t *testing.T) {
	s := testService
	s.ID = "wire"
	start(t, s)
	m := eventually(t, dns.Question{Name: s.instanceName(), Qtype: dns.TypeSRV, Qclass: dns.ClassINET})
	if got := m.Answer[0].(*dns.SRV); got.Port != 5000 || got.Target != "nestbox-wire.local." {
		t.Errorf("SRV %v", got)
	}
	if len(m.Extra) == 0 || m.Extra[0].(*dns.A).A.String() != "127.0.0.1" {
		t.Errorf("additional %v, want the address of the interface asked on", m.Extra)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if got, err := Lookup(ctx, "nestbox-wire.local", loopback); err != nil || !slices.Contains(got, netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("lookup: %v %v", got, err)
	}
}

func TestNothingIsSaidOnAnInterfaceWithoutTheBoundAddress(t *testing.T) {
	s := testService
	s.ID, s.Only = "bound", netip.MustParseAddr("198.51.100.7")
	other := testService
	other.ID = "unbound"
	start(t, s)
	start(t, other)
	eventually(t, dns.Question{Name: other.HostName(), Qtype: dns.TypeA, Qclass: dns.ClassINET})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got, err := Lookup(ctx, s.HostName(), loopback); err == nil {
		t.Errorf("answered %v", got)
	}
}

// listener hears what responders send to the group on loopback.
func listener(t *testing.T) socket {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	ear, err := open4(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ear.Close() })
	interfaces, err := loopback()
	if err != nil {
		t.Fatal(err)
	}
	if err := ear.join(&interfaces[0]); err != nil {
		t.Fatal(err)
	}
	deadline, _ := ctx.Deadline()
	if err := ear.SetReadDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	return ear
}

// hear gives the next record of an answer to the group that is wanted.
func hear(t *testing.T, ear socket, wanted func(dns.RR) bool) dns.RR {
	t.Helper()
	buf := make([]byte, 9000)
	for {
		p, err := ear.read(buf)
		if err != nil {
			t.Fatalf("nothing heard: %v", err)
		}
		var m dns.Msg
		if m.Unpack(p.data) != nil || !m.Response {
			continue
		}
		if i := slices.IndexFunc(m.Answer, wanted); i >= 0 {
			return m.Answer[i]
		}
	}
}

func TestAnnouncementThenGoodbye(t *testing.T) {
	ear := listener(t)
	s := testService
	s.ID = "bye"
	stop := start(t, s)
	lifeOfNext := func() uint32 {
		return hear(t, ear, func(rr dns.RR) bool {
			return rr.Header().Rrtype == dns.TypeSRV && rr.Header().Name == s.instanceName()
		}).Header().Ttl
	}
	if got := lifeOfNext(); got != hostTTL {
		t.Errorf("announced with a life of %d s, want %d", got, hostTTL)
	}
	if got := lifeOfNext(); got != hostTTL {
		t.Errorf("announced again with a life of %d s, want %d", got, hostTTL)
	}
	stop()
	if got := lifeOfNext(); got != 0 {
		t.Errorf("goodbye has a life of %d s, want 0", got)
	}
}

// TestHubElsewhereIsFollowed: nothing, then one address, then another: the shared name must not keep the first.
func TestHubElsewhereIsFollowed(t *testing.T) {
	ear := listener(t)
	var at atomic.Pointer[[]netip.Addr]
	at.Store(&[]netip.Addr{})
	asked := make(chan struct{}, 100)
	s := testService
	s.ID, s.Aliases = "away", []string{"esp32cam-away"}
	here := testService
	here.ID = "here"
	stop := startWith(t, &Responder{Service: s, Addresses: func(context.Context) []netip.Addr {
		asked <- struct{}{}
		return *at.Load()
	}})
	start(t, here)
	<-asked
	eventually(t, dns.Question{Name: here.HostName(), Qtype: dns.TypeA, Qclass: dns.ClassINET})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got, err := Lookup(ctx, s.HostName(), loopback); err == nil {
		t.Errorf("answered %v before there was an address", got)
	}

	nextAlias := func(address string, life uint32) {
		t.Helper()
		hear(t, ear, func(rr dns.RR) bool {
			a, ok := rr.(*dns.A)
			return ok && a.Hdr.Name == "esp32cam-away.local." && a.A.String() == address && a.Hdr.Ttl == life
		})
	}
	at.Store(&[]netip.Addr{netip.MustParseAddr("192.0.2.7")})
	nextAlias("192.0.2.7", hostTTL)
	m := eventually(t, dns.Question{Name: serviceName, Qtype: dns.TypePTR, Qclass: dns.ClassINET})
	for !slices.ContainsFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Name == s.HostName() }) { // else "here" was first
		m = eventually(t, dns.Question{Name: s.instanceName(), Qtype: dns.TypeSRV, Qclass: dns.ClassINET})
	}
	for _, rr := range m.Extra {
		if a, ok := rr.(*dns.A); ok && a.A.String() != "192.0.2.7" {
			t.Errorf("the service leads to %v too", a)
		}
	}
	at.Store(&[]netip.Addr{netip.MustParseAddr("192.0.2.8")})
	nextAlias("192.0.2.7", 0)
	nextAlias("192.0.2.8", hostTTL)
	stop()
	nextAlias("192.0.2.8", 0)
}
