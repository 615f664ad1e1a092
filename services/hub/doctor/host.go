package doctor

import (
	"net"
	"net/netip"
	"slices"
)

// isOurs tells whether an address is one of this machine.
func isOurs(a netip.Addr) bool {
	addrs, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(addrs, func(own net.Addr) bool {
		p, err := netip.ParsePrefix(own.String())
		return err == nil && p.Addr() == a
	})
}
