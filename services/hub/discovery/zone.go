package discovery

import (
	"net/netip"
	"strings"

	"github.com/miekg/dns"
)

const (
	serviceName  = "_nestbox._tcp.local."
	registryName = "_services._dns-sd._udp.local." // RFC 6763 §9

	// Lifetimes recommended by RFC 6762 §10, in seconds: short for what moves with a host's address.
	hostTTL  = 120
	otherTTL = 4500
	// legacyTTL is the most that an ordinary resolver may be told, since it will not hear a goodbye (§6.7).
	legacyTTL = 10

	// cacheFlush marks a record of which only this hub may have one: older copies are to be dropped (§10.2).
	cacheFlush = 1 << 15
)

// Service is what the hub says about itself.
type Service struct {
	// ID makes the hub's own names unique on the network: 1 to 32 letters, digits or '-', the same at each start.
	ID string
	// Port is the TCP port of the device API.
	Port uint16
	// TXT is the list of key=value strings of the service, each at most 255 bytes.
	TXT []string
	// Aliases are further host names without ".local", such as "esp32cam". They are shared with other hubs.
	Aliases []string
	// Only, when valid, is the one address that the hub listens on. Interfaces without it are not spoken on.
	Only netip.Addr
}

// HostName is the host name that only this hub has, with a dot at its end.
func (s Service) HostName() string { return "nestbox-" + s.ID + ".local." }

func (s Service) instanceName() string { return "nestbox-" + s.ID + "." + serviceName }

// zone is every record that one interface is told. It is not changed after newZone.
type zone struct {
	records []dns.RR
	host    string // the name whose missing address types are denied by NSEC
}

// newZone makes the records of names that lead to addrs.
func newZone(s Service, addrs []netip.Addr) zone {
	host, instance := s.HostName(), s.instanceName()
	z := zone{host: host}
	z.add(
		&dns.PTR{Hdr: shared(registryName, dns.TypePTR, otherTTL), Ptr: serviceName},
		&dns.PTR{Hdr: shared(serviceName, dns.TypePTR, otherTTL), Ptr: instance},
		&dns.SRV{Hdr: unique(instance, dns.TypeSRV, hostTTL), Port: s.Port, Target: host},
		&dns.TXT{Hdr: unique(instance, dns.TypeTXT, otherTTL), Txt: s.TXT},
	)
	for _, a := range addrs {
		z.addAddress(a, host, unique)
		for _, alias := range s.Aliases {
			z.addAddress(a, alias+".local.", shared)
		}
	}
	return z
}

func (z *zone) add(rr ...dns.RR) { z.records = append(z.records, rr...) }

func (z *zone) addAddress(a netip.Addr, name string, header func(string, uint16, uint32) dns.RR_Header) {
	if a.Is4() {
		z.add(&dns.A{Hdr: header(name, dns.TypeA, hostTTL), A: a.AsSlice()})
		return
	}
	z.add(&dns.AAAA{Hdr: header(name, dns.TypeAAAA, hostTTL), AAAA: a.AsSlice()})
}

// find gives the records that answer name and qtype; names are compared without case (§16).
func (z zone) find(name string, qtype uint16) []dns.RR {
	var found []dns.RR
	for _, rr := range z.records {
		h := rr.Header()
		if strings.EqualFold(h.Name, name) && (qtype == h.Rrtype || qtype == dns.TypeANY) {
			found = append(found, rr)
		}
	}
	return found
}

// deny says which types the hub's own name has, for a question about one that it lacks (§6.1): without it a resolver that
// asks for AAAA on an IPv4 network waits for its time-out. Shared names cannot be denied; another hub may have the type.
func (z zone) deny(name string) []dns.RR {
	if !strings.EqualFold(name, z.host) {
		return nil
	}
	var types []uint16
	for _, t := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if len(z.find(name, t)) > 0 {
			types = append(types, t)
		}
	}
	if len(types) == 0 {
		return nil
	}
	return []dns.RR{&dns.NSEC{Hdr: unique(z.host, dns.TypeNSEC, hostTTL), NextDomain: z.host, TypeBitMap: types}}
}

func shared(name string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET, Ttl: ttl}
}

func unique(name string, rrtype uint16, ttl uint32) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: rrtype, Class: dns.ClassINET | cacheFlush, Ttl: ttl}
}
