package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/miekg/dns"

	"home.arpa/nestbox/services/hub/discovery"
)

// TestHubElsewhereIsAdvertised runs the command for a hub at an address of documentation (RFC 5737). It asks and listens on
// all interfaces, as cameras beside it would. Not in parallel: TestCameraFindsTheHub wants esp32cam.local to be one hub.
func TestHubElsewhereIsAdvertised(t *testing.T) {
	interfaces, err := discovery.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	if len(interfaces) == 0 {
		t.Fatal("no network interface can multicast: give this machine or container a network")
	}
	const address = "192.0.2.77"
	id := fmt.Sprintf("e2e-%d", os.Getpid())
	env := []string{"NESTBOX_ADVERTISE_PORT=5077", "NESTBOX_ADVERTISE_ID=" + id}
	if r := run(t, "/nowhere", env, "advertise", "--address", address, "--check"); r.code != 1 {
		t.Errorf("check before the start: exit code %d\n%s", r.code, r.errors)
	}
	ear, err := net.ListenMulticastUDP("udp4", &interfaces[0], &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: 5353})
	if err != nil {
		t.Fatal(err)
	}
	defer ear.Close()

	h := spawn(t, program(t, false), "/nowhere", env, "advertise", "--address", address)
	h.text.await(t, regexp.MustCompile(`(mdns: advertising)`))
	if r := run(t, "/nowhere", env, "advertise", "--address", address, "--check"); r.code != 0 || r.out+r.errors != "" {
		t.Errorf("check: exit code %d, said %q %q", r.code, r.out, r.errors)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	m, err := discovery.Ask(ctx, dns.Question{
		Name: "nestbox-" + id + "._nestbox._tcp.local.", Qtype: dns.TypeSRV, Qclass: dns.ClassINET,
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if srv, ok := m.Answer[0].(*dns.SRV); !ok || srv.Port != 5077 {
		t.Errorf("answer %v, want port 5077", m.Answer)
	}
	if a, ok := m.Extra[0].(*dns.A); !ok || a.A.String() != address || len(m.Extra) != 1 {
		t.Errorf("additional %v, want %s alone", m.Extra, address)
	}

	h.stop()
	deadline, _ := ctx.Deadline()
	if err := ear.SetReadDeadline(deadline); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 9000)
	for gone := false; !gone; {
		n, err := ear.Read(buf)
		if err != nil {
			t.Fatalf("no goodbye: %v", err)
		}
		var m dns.Msg
		gone = m.Unpack(buf[:n]) == nil && slices.ContainsFunc(m.Answer, func(rr dns.RR) bool {
			a, ok := rr.(*dns.A)
			return ok && a.Hdr.Name == "esp32cam.local." && a.A.String() == address && a.Hdr.Ttl == 0
		})
	}
}

func TestNameWithoutAnAddressIsToldOnceAndNotAdvertised(t *testing.T) {
	t.Parallel()
	env := []string{"NESTBOX_ADVERTISE_ADDRESS=localhost"}
	h := spawn(t, program(t, false), "/nowhere", env, "advertise")
	h.text.await(t, regexp.MustCompile(`(nothing is advertised until it does)`))
	if r := run(t, "/nowhere", env, "advertise", "--check"); r.code != 1 || !regexp.MustCompile(`nobody answered|no network interface`).MatchString(r.errors) {
		t.Errorf("check: exit code %d, said %q", r.code, r.errors)
	}
	h.stop()
}
