package discovery

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/miekg/dns"
)

var testService = Service{ID: "a1b2c3", Port: 5000, TXT: []string{"path=/api", "version=1.2.3"}, Aliases: []string{"esp32cam"}}

func testZone(addrs ...string) zone {
	var parsed []netip.Addr
	for _, a := range addrs {
		parsed = append(parsed, netip.MustParseAddr(a))
	}
	return newZone(testService, parsed)
}

func ask(name string, qtype uint16) *dns.Msg {
	m := &dns.Msg{Question: []dns.Question{{Name: name, Qtype: qtype, Qclass: dns.ClassINET}}}
	m.Id = 4711
	return m
}

// only returns the single reply, after a trip through the wire format.
func only(t *testing.T, replies []reply) (reply, *dns.Msg) {
	t.Helper()
	if len(replies) != 1 {
		t.Fatalf("%d replies, want 1: %v", len(replies), replies)
	}
	data, err := replies[0].msg.Pack()
	if err != nil {
		t.Fatal(err)
	}
	var m dns.Msg
	if err := m.Unpack(data); err != nil {
		t.Fatal(err)
	}
	return replies[0], &m
}

func types(records []dns.RR) []string {
	var out []string
	for _, rr := range records {
		out = append(out, dns.TypeToString[rr.Header().Rrtype])
	}
	return out
}

func TestLegacyQueryGetsAnOrdinaryUnicastAnswer(t *testing.T) {
	t.Parallel()
	r, m := only(t, testZone("192.0.2.7").replies(ask("ESP32Cam.local.", dns.TypeA), true))
	if !r.unicast || m.Id != 4711 || len(m.Question) != 1 || m.Question[0].Name != "ESP32Cam.local." {
		t.Errorf("unicast %v, id %d, question %v: want id and question repeated", r.unicast, m.Id, m.Question)
	}
	if !m.Response || !m.Authoritative {
		t.Error("QR and AA must be set")
	}
	a, ok := m.Answer[0].(*dns.A)
	if !ok || a.A.String() != "192.0.2.7" || a.Hdr.Ttl > legacyTTL || a.Hdr.Class != dns.ClassINET {
		t.Errorf("answer %v, want 192.0.2.7 with a life of at most %d s and a plain class", m.Answer[0], legacyTTL)
	}
}

func TestServiceQuestionLeadsToAnAddressInOnePacket(t *testing.T) {
	t.Parallel()
	for _, legacy := range []bool{false, true} {
		r, m := only(t, testZone("192.0.2.7", "fd00::7").replies(ask(serviceName, dns.TypePTR), legacy))
		if r.unicast != legacy || r.delayed == legacy {
			t.Errorf("legacy %v: unicast %v delayed %v", legacy, r.unicast, r.delayed)
		}
		if got := types(m.Answer); !slices.Equal(got, []string{"PTR"}) {
			t.Errorf("answers %v, want one PTR", got)
		}
		if got := types(m.Extra); !slices.Equal(got, []string{"SRV", "TXT", "A", "AAAA"}) {
			t.Errorf("additional records %v, want SRV TXT A AAAA", got)
		}
		srv := m.Extra[0].(*dns.SRV)
		if srv.Port != 5000 || srv.Target != "nestbox-a1b2c3.local." {
			t.Errorf("SRV %v", srv)
		}
		if flush := srv.Hdr.Class&cacheFlush != 0; flush == legacy {
			t.Errorf("legacy %v: cache-flush bit %v", legacy, flush)
		}
	}
}

func TestMulticastAnswerHasNoIDAndNoQuestion(t *testing.T) {
	t.Parallel()
	r, m := only(t, testZone("192.0.2.7").replies(ask("nestbox-a1b2c3.local.", dns.TypeA), false))
	if r.unicast || r.delayed || m.Id != 0 || len(m.Question) != 0 {
		t.Errorf("unicast %v delayed %v id %d questions %d", r.unicast, r.delayed, m.Id, len(m.Question))
	}
}

func TestUnicastBitOfAQuestionIsObeyed(t *testing.T) {
	t.Parallel()
	q := ask("esp32cam.local.", dns.TypeA)
	q.Question[0].Qclass |= cacheFlush
	q.Question = append(q.Question, dns.Question{Name: serviceName, Qtype: dns.TypePTR, Qclass: dns.ClassINET})
	replies := testZone("192.0.2.7").replies(q, false)
	if len(replies) != 2 || !replies[0].unicast || replies[1].unicast {
		t.Fatalf("replies %v, want one to the asker and one to the group", replies)
	}
}

func TestKnownAnswersAreNotRepeated(t *testing.T) {
	t.Parallel()
	z := testZone("192.0.2.7")
	known := dns.Copy(z.find(serviceName, dns.TypePTR)[0])
	for ttl, want := range map[uint32]int{otherTTL: 0, otherTTL / 2: 0, otherTTL/2 - 1: 1} {
		q := ask(serviceName, dns.TypePTR)
		known.Header().Ttl = ttl
		q.Answer = []dns.RR{known}
		if got := z.replies(q, false); len(got) != want {
			t.Errorf("known with %d s left: %d replies, want %d", ttl, len(got), want)
		}
	}
}

func TestMissingAddressTypeIsDeniedForTheOwnNameOnly(t *testing.T) {
	t.Parallel()
	z := testZone("192.0.2.7")
	_, m := only(t, z.replies(ask("nestbox-a1b2c3.local.", dns.TypeAAAA), false))
	nsec, ok := m.Answer[0].(*dns.NSEC)
	if !ok || !slices.Equal(nsec.TypeBitMap, []uint16{dns.TypeA}) {
		t.Errorf("answer %v, want NSEC with A", m.Answer)
	}
	if got := z.replies(ask("esp32cam.local.", dns.TypeAAAA), false); len(got) != 0 {
		t.Errorf("the shared name was denied: %v", got)
	}
}

func TestWhatIsNotForUsGetsSilence(t *testing.T) {
	t.Parallel()
	response := ask("esp32cam.local.", dns.TypeA)
	response.Response = true
	update := ask("esp32cam.local.", dns.TypeA)
	update.Opcode = dns.OpcodeUpdate
	chaos := ask("esp32cam.local.", dns.TypeA)
	chaos.Question[0].Qclass = dns.ClassCHAOS
	for name, q := range map[string]*dns.Msg{
		"response": response, "update": update, "class": chaos,
		"other name": ask("printer.local.", dns.TypeA), "other type": ask(serviceName, dns.TypeMX), "empty": {},
	} {
		for _, legacy := range []bool{false, true} {
			if got := testZone("192.0.2.7").replies(q, legacy); len(got) != 0 {
				t.Errorf("%s (legacy %v): %v", name, legacy, got)
			}
		}
	}
}

func TestUnicastQueryFromAnotherNetworkIsIgnored(t *testing.T) {
	t.Parallel()
	l := link{prefixes: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24"), netip.MustParsePrefix("fd00::7/64")}}
	for from, want := range map[string]bool{
		"192.0.2.99:4000": true, "[fd00::99]:5353": true, "[fe80::1%eth0]:5353": true, "[::ffff:192.0.2.1]:1": true,
		"198.51.100.1:4000": false, "[2001:db8::1]:5353": false,
	} {
		if got := l.mayAsk(packet{from: netip.MustParseAddrPort(from)}); got != want {
			t.Errorf("from %s: %v, want %v", from, got, want)
		}
	}
	if !l.mayAsk(packet{from: netip.MustParseAddrPort("198.51.100.1:4000"), toGroup: true}) {
		t.Error("a query to the group comes from the link, whatever its address")
	}
}

func FuzzReplies(f *testing.F) {
	for _, q := range []*dns.Msg{ask(serviceName, dns.TypePTR), ask("esp32cam.local.", dns.TypeANY), {}} {
		data, err := q.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, true)
		f.Add(data, false)
	}
	z := testZone("192.0.2.7", "fd00::7")
	f.Fuzz(func(t *testing.T, data []byte, legacy bool) {
		var q dns.Msg
		if q.Unpack(data) != nil {
			return
		}
		for _, r := range z.replies(&q, legacy) {
			if _, err := r.msg.Pack(); err != nil {
				t.Errorf("answer to %v cannot be sent: %v", q.Question, err)
			}
		}
	})
}
