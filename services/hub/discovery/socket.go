package discovery

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// port is that of multicast DNS; answers must leave from it too (RFC 6762 §6).
const port = 5353

var (
	group4 = netip.MustParseAddr("224.0.0.251")
	group6 = netip.MustParseAddr("ff02::fb")
)

// hops is the time to live of all that is sent; some resolvers drop an answer with another (§11).
const hops = 255

// packet is a datagram as it came in.
type packet struct {
	data    []byte // valid until the next read
	from    netip.AddrPort
	ifIndex int
	// toGroup: sent to the multicast group, so from the local link. Otherwise to one of our addresses, from anywhere.
	toGroup bool
}

// socket is port 5353 of one address family, shared with other responders of the machine. Reads are for one goroutine;
// writes may come from any.
type socket interface {
	join(*net.Interface) error
	read(buf []byte) (packet, error)
	// write sends by the interface, to the group when to is not valid.
	write(data []byte, ifIndex int, to netip.AddrPort) error
	SetReadDeadline(time.Time) error
	Close() error
}

// open4 and open6 bind the wildcard address. Given a multicast address, Go's listener sets SO_REUSEADDR, which lets Avahi
// and systemd-resolved keep the port beside us; each of them gets its copy of every multicast.
func open4(ctx context.Context) (socket, error) {
	c, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", net.JoinHostPort(group4.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen for IPv4 multicast DNS: %w", err)
	}
	p := ipv4.NewPacketConn(c)
	for _, set := range []func() error{
		func() error { return p.SetControlMessage(ipv4.FlagInterface|ipv4.FlagDst, true) },
		func() error { return p.SetMulticastTTL(hops) },
		func() error { return p.SetTTL(hops) },
		func() error { return p.SetMulticastLoopback(true) }, // cameras emulated on this machine
	} {
		if err := set(); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("set up IPv4 multicast DNS: %w", err)
		}
	}
	return socket4{p}, nil
}

type socket4 struct{ *ipv4.PacketConn }

func (s socket4) join(i *net.Interface) error {
	return s.JoinGroup(i, &net.UDPAddr{IP: group4.AsSlice()})
}

func (s socket4) read(buf []byte) (packet, error) {
	n, cm, src, err := s.ReadFrom(buf)
	if err != nil {
		return packet{}, err
	}
	p := packet{data: buf[:n], from: src.(*net.UDPAddr).AddrPort()}
	if cm != nil {
		p.ifIndex, p.toGroup = cm.IfIndex, cm.Dst.IsMulticast()
	}
	return p, nil
}

func (s socket4) write(data []byte, ifIndex int, to netip.AddrPort) error {
	if !to.IsValid() {
		to = netip.AddrPortFrom(group4, port)
	}
	_, err := s.WriteTo(data, &ipv4.ControlMessage{IfIndex: ifIndex}, net.UDPAddrFromAddrPort(to))
	return err
}

func open6(ctx context.Context) (socket, error) {
	c, err := new(net.ListenConfig).ListenPacket(ctx, "udp6", net.JoinHostPort(group6.String(), strconv.Itoa(port)))
	if err != nil {
		return nil, fmt.Errorf("listen for IPv6 multicast DNS: %w", err)
	}
	p := ipv6.NewPacketConn(c)
	for _, set := range []func() error{
		func() error { return p.SetControlMessage(ipv6.FlagInterface|ipv6.FlagDst, true) },
		func() error { return p.SetMulticastHopLimit(hops) },
		func() error { return p.SetHopLimit(hops) },
		func() error { return p.SetMulticastLoopback(true) },
	} {
		if err := set(); err != nil {
			_ = c.Close()
			return nil, fmt.Errorf("set up IPv6 multicast DNS: %w", err)
		}
	}
	return socket6{p}, nil
}

type socket6 struct{ *ipv6.PacketConn }

func (s socket6) join(i *net.Interface) error {
	return s.JoinGroup(i, &net.UDPAddr{IP: group6.AsSlice()})
}

func (s socket6) read(buf []byte) (packet, error) {
	n, cm, src, err := s.ReadFrom(buf)
	if err != nil {
		return packet{}, err
	}
	p := packet{data: buf[:n], from: src.(*net.UDPAddr).AddrPort()}
	if cm != nil {
		p.ifIndex, p.toGroup = cm.IfIndex, cm.Dst.IsMulticast()
	}
	return p, nil
}

func (s socket6) write(data []byte, ifIndex int, to netip.AddrPort) error {
	if !to.IsValid() {
		to = netip.AddrPortFrom(group6, port)
	}
	_, err := s.WriteTo(data, &ipv6.ControlMessage{IfIndex: ifIndex}, net.UDPAddrFromAddrPort(to))
	return err
}
