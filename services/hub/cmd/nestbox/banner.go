package main

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"home.arpa/nestbox/services/hub/datadir"
)

// announce tells the person at the terminal where the hub is, and at the first start the password: on standard output and not
// in the log, which is kept and sent elsewhere.
func (p *program) announce(folder datadir.Path, api, ops net.Addr, password string) {
	var b strings.Builder
	if password != "" {
		fmt.Fprintf(&b, `
  ┌────────────────────────────────────────────────────────────┐
  │ First start. Log in with these; the password is shown once.│
  └────────────────────────────────────────────────────────────┘
    Address     %s
    Operator    %s
    Password    %s

    Write it down. Lost it? nestbox admin reset-password
`, address(api), "admin", password)
	}
	fmt.Fprintf(&b, "\nNestbox %s is ready.\n", programVersion())
	fmt.Fprintf(&b, "  Cameras and operators   %s\n", address(api))
	if ops != nil {
		fmt.Fprintf(&b, "  Health and metrics      %s\n", address(ops))
	}
	fmt.Fprintf(&b, "  Data                    %s\n\n", folder)
	_, _ = fmt.Fprint(p.stdout, b.String()) // nobody is at the terminal
}

// address is a URL by which another machine reaches what listens on a, where one does.
func address(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return a.String()
	}
	if at.Addr().IsUnspecified() {
		at = netip.AddrPortFrom(ownAddress(), at.Port())
	}
	return "http://" + at.String()
}

// ownAddress is the address that this machine has in the network; 127.0.0.1 without a network. Of several, that of the first
// interface that is not a bridge's or a container's, which come last in the list.
func ownAddress() netip.Addr {
	addrs, _ := net.InterfaceAddrs() // empty on error
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			return p.Addr()
		}
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}
