package discovery

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"time"
)

// lookupTimeout keeps a name server that is away from delaying the look at the network interfaces for longer than they wait
// for it anyway.
const lookupTimeout = rescanEvery - time.Second

// Host is a machine that is known by a name, which may come to lead elsewhere, or by an address. Its method is what
// Responder.Addresses wants, and like that is for one goroutine.
type Host struct {
	// Name is looked up as the machine does it (hosts file, then DNS), or is an address.
	Name   string
	Logger *slog.Logger
	// Lookup is net.DefaultResolver's LookupNetIP when nil.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)

	known []netip.Addr
	// trouble is what was logged last, empty when all is well: it comes back every few seconds and is told once.
	trouble string
}

// Addresses gives what the name leads to at this moment, in order, IPv4 first. A name that does not exist, or leads nowhere
// that another machine can reach, gives none. While it cannot be looked up, what was known before holds: more often the name
// server is away than the hub.
func (h *Host) Addresses(ctx context.Context) []netip.Addr {
	lookup := h.Lookup
	if lookup == nil {
		lookup = net.DefaultResolver.LookupNetIP
	}
	asking, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	found, err := lookup(asking, "ip", h.Name)
	if ctx.Err() != nil {
		return h.known // about to stop: no news
	}
	usable := reachable(found)
	missing, isDNS := errors.AsType[*net.DNSError](err)
	switch {
	case err != nil && (!isDNS || !missing.IsNotFound) && len(h.known) > 0:
		h.complain("mdns: the hub's name cannot be looked up now; its last addresses stay advertised", "error", err)
	case err != nil:
		h.known = nil
		h.complain("mdns: the hub's name does not resolve; nothing is advertised until it does", "error", err)
	case len(usable) == 0:
		h.known = nil
		h.complain("mdns: the hub's name leads nowhere that cameras can reach; nothing is advertised until it does", "addresses", found)
	default:
		h.known, h.trouble = usable, ""
	}
	return h.known
}

func (h *Host) complain(what string, args ...any) {
	if h.trouble == what {
		return
	}
	h.trouble = what
	h.Logger.Warn(what, append([]any{"name", h.Name}, args...)...)
}

// reachable sorts, and leaves out what means something else on every machine: loopback, "any", link-local IPv6 without its zone.
func reachable(found []netip.Addr) []netip.Addr {
	var out []netip.Addr
	for _, a := range found {
		if a = a.Unmap(); Reachable(a) {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}

// Reachable tells whether a may be advertised: whether it means the same host to every machine of the network.
func Reachable(a netip.Addr) bool {
	a = a.Unmap()
	return a.IsValid() && !a.IsLoopback() && !a.IsUnspecified() && !a.IsMulticast() && (!a.Is6() || !a.IsLinkLocalUnicast())
}
