package discovery

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"slices"
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
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	r := &Responder{Service: s, Logger: slog.New(slog.DiscardHandler), Interfaces: loopback}
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
	eventually(t, dns.Question{Name: other.hostName(), Qtype: dns.TypeA, Qclass: dns.ClassINET})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got, err := Lookup(ctx, s.hostName(), loopback); err == nil {
		t.Errorf("answered %v", got)
	}
}

func TestAnnouncementThenGoodbye(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
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

	s := testService
	s.ID = "bye"
	stop := start(t, s)
	hear := func() uint32 { // the TTL of the next SRV of this hub
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
			for _, rr := range m.Answer {
				if rr.Header().Rrtype == dns.TypeSRV && rr.Header().Name == s.instanceName() {
					return rr.Header().Ttl
				}
			}
		}
	}
	if got := hear(); got != hostTTL {
		t.Errorf("announced with a life of %d s, want %d", got, hostTTL)
	}
	if got := hear(); got != hostTTL {
		t.Errorf("announced again with a life of %d s, want %d", got, hostTTL)
	}
	stop()
	if got := hear(); got != 0 {
		t.Errorf("goodbye has a life of %d s, want 0", got)
	}
}
