package discovery

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/ipv4"
)

// Lookup asks the local network for the IPv4 addresses of name ("esp32cam.local") in the way of a plain resolver: one
// question from an ephemeral port on each interface, the first answer wins. It ends with ctx. nil interfaces means Interfaces.
func Lookup(ctx context.Context, name string, interfaces func() ([]net.Interface, error)) ([]netip.Addr, error) {
	answer, err := Ask(ctx, dns.Question{Name: dns.Fqdn(name), Qtype: dns.TypeA, Qclass: dns.ClassINET}, interfaces)
	if err != nil {
		return nil, err
	}
	var out []netip.Addr
	for _, rr := range answer.Answer {
		if a, ok := rr.(*dns.A); ok {
			if ip, ok := netip.AddrFromSlice(a.A.To4()); ok {
				out = append(out, ip)
			}
		}
	}
	return out, nil
}

// Ask sends one question as Lookup does and returns the first answer that repeats its id and question.
func Ask(ctx context.Context, q dns.Question, interfaces func() ([]net.Interface, error)) (*dns.Msg, error) {
	if interfaces == nil {
		interfaces = Interfaces
	}
	found, err := interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	c, err := new(net.ListenConfig).ListenPacket(ctx, "udp4", ":0")
	if err != nil {
		return nil, fmt.Errorf("open a socket to ask by: %w", err)
	}
	defer c.Close()

	query := &dns.Msg{Question: []dns.Question{q}}
	query.Id = dns.Id()
	data, err := query.Pack()
	if err != nil {
		return nil, fmt.Errorf("pack question for %s: %w", q.Name, err)
	}
	conn, sent := ipv4.NewPacketConn(c), 0
	for _, i := range found {
		to := net.UDPAddrFromAddrPort(netip.AddrPortFrom(group4, port))
		if _, err := conn.WriteTo(data, &ipv4.ControlMessage{IfIndex: i.Index}, to); err == nil {
			sent++
		}
	}
	if sent == 0 {
		return nil, errors.New("no network interface can multicast")
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })
	defer stop()
	return receive(ctx, c, query)
}

func receive(ctx context.Context, c net.PacketConn, query *dns.Msg) (*dns.Msg, error) {
	buf := make([]byte, 9000)
	for {
		n, _, err := c.ReadFrom(buf)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("nobody answered for %s: %w", query.Question[0].Name, ctx.Err())
		}
		if err != nil {
			return nil, fmt.Errorf("wait for the answer for %s: %w", query.Question[0].Name, err)
		}
		var m dns.Msg
		if m.Unpack(buf[:n]) == nil && m.Response && m.Id == query.Id && len(m.Question) == 1 && m.Question[0] == query.Question[0] {
			return &m, nil
		}
	}
}
