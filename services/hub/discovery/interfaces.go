package discovery

import (
	"net"
	"net/netip"
	"slices"
)

// Interfaces gives the network interfaces to speak on: up, able to multicast, not loopback.
func Interfaces() ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	const want = net.FlagUp | net.FlagMulticast
	return slices.DeleteFunc(all, func(i net.Interface) bool {
		return i.Flags&want != want || i.Flags&(net.FlagLoopback|net.FlagPointToPoint) != 0
	}), nil
}

// addresses gives the addresses of an interface in order, IPv4 first. Link-local IPv6 is left out: a name cannot carry the
// zone that the reader would need to use it.
func addresses(i *net.Interface, only netip.Addr) ([]netip.Prefix, error) {
	raw, err := i.Addrs()
	if err != nil {
		return nil, err
	}
	var out []netip.Prefix
	for _, a := range raw {
		p, err := netip.ParsePrefix(a.String())
		if err != nil || (p.Addr().Is6() && p.Addr().IsLinkLocalUnicast()) || (only.IsValid() && p.Addr() != only) {
			continue
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
	return out, nil
}

func hosts(prefixes []netip.Prefix) []netip.Addr {
	out := make([]netip.Addr, len(prefixes))
	for i, p := range prefixes {
		out[i] = p.Addr()
	}
	return out
}
