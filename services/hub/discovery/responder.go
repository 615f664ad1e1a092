package discovery

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/miekg/dns"
)

const (
	// rescanEvery is how soon an interface that appears or changes its address is spoken on: Wi-Fi often comes up after us.
	rescanEvery = 5 * time.Second
	// repeatAfter is the least time between two multicasts of one record on one interface (§6.2).
	repeatAfter = time.Second
	// maxWaiting bounds the delayed answers; a flood of questions beyond it is dropped.
	maxWaiting = 32
)

// Responder answers for one Service on all interfaces. Make one, Run it once.
type Responder struct {
	Service Service
	Logger  *slog.Logger
	// Interfaces is asked every few seconds; nil means the function of this package.
	Interfaces func() ([]net.Interface, error)
	// Addresses is what the names lead to, for a hub that is behind a proxy or on another machine. It is asked as often as
	// Interfaces, by one goroutine, and may take until ctx ends. While it gives none, nothing is answered. Nil means the
	// addresses of the interface that is asked on.
	Addresses func(ctx context.Context) []netip.Addr

	sockets []socket
	mu      sync.Mutex
	links   map[int]*link // by interface index
}

// link is an interface that we speak on.
type link struct {
	zone     zone
	prefixes []netip.Prefix       // of the interface: who may ask
	told     []netip.Addr         // what the names lead to
	lastSent map[string]time.Time // multicast record to when
}

// Run answers until ctx ends, then says goodbye. It fails only when neither IPv4 nor IPv6 can be listened on.
func (r *Responder) Run(ctx context.Context) error {
	if err := r.open(ctx); err != nil {
		return err
	}
	waiting := make(chan struct{}, maxWaiting)
	var readers, senders sync.WaitGroup
	for _, s := range r.sockets {
		readers.Go(func() { r.listen(ctx, s, waiting, &senders) })
	}

	r.rescan(ctx, &senders)
	tick := time.NewTicker(rescanEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-tick.C:
			r.rescan(ctx, &senders)
		}
	}

	// Readers start senders, so they end first; the goodbye must be the last word.
	var errs []error
	for _, s := range r.sockets {
		errs = append(errs, s.SetReadDeadline(time.Now()))
	}
	readers.Wait()
	senders.Wait()
	r.goodbye()
	for _, s := range r.sockets {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

func (r *Responder) open(ctx context.Context) error {
	if r.Interfaces == nil {
		r.Interfaces = Interfaces
	}
	r.links = make(map[int]*link)
	s4, err4 := open4(ctx)
	if err4 == nil {
		r.sockets = append(r.sockets, s4)
	}
	s6, err6 := open6(ctx)
	if err6 == nil {
		r.sockets = append(r.sockets, s6)
	}
	if len(r.sockets) == 0 {
		return errors.Join(err4, err6)
	}
	return nil
}

// rescan takes up new interfaces and changed addresses, withdraws what is gone, and announces what is new.
func (r *Responder) rescan(ctx context.Context, senders *sync.WaitGroup) {
	found, err := r.Interfaces()
	if err != nil {
		r.Logger.Warn("mdns: list network interfaces", "error", err)
		return
	}
	var elsewhere []netip.Addr
	if r.Addresses != nil {
		elsewhere = r.Addresses(ctx)
	}
	now := make(map[int]*link, len(found))
	var fresh []int
	for _, i := range found {
		prefixes, err := addresses(&i, r.Service.Only)
		if err != nil || len(prefixes) == 0 {
			continue
		}
		told := hosts(prefixes)
		if r.Addresses != nil {
			told = elsewhere
		}
		if len(told) == 0 {
			continue
		}
		old := r.link(i.Index)
		if old == nil {
			for _, s := range r.sockets {
				_ = s.join(&i) // already joined, or the family is off on this interface: the other may do
			}
		}
		if old != nil && slices.Equal(old.prefixes, prefixes) && slices.Equal(old.told, told) {
			now[i.Index] = old
			continue
		}
		now[i.Index] = &link{
			zone:     newZone(r.Service, told),
			prefixes: prefixes,
			told:     told,
			lastSent: make(map[string]time.Time),
		}
		fresh = append(fresh, i.Index)
		r.Logger.Info("mdns: advertising", "interface", i.Name, "name", r.Service.HostName(), "addresses", told, "port", r.Service.Port)
	}
	r.mu.Lock()
	before := r.links
	r.links = now
	r.mu.Unlock()
	for index, old := range before {
		var still []dns.RR
		if l := now[index]; l != nil {
			still = l.zone.records
		}
		r.withdraw(index, without(old.zone.records, still))
	}
	if len(fresh) > 0 {
		senders.Go(func() { r.announce(ctx, fresh) })
	}
}

func (r *Responder) link(index int) *link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.links[index]
}

// announce tells the records twice, a second apart (§8.3).
func (r *Responder) announce(ctx context.Context, indexes []int) {
	for range 2 {
		for _, index := range indexes {
			if l := r.link(index); l != nil {
				r.multicast(index, l.zone.message(slices.Clone(l.zone.records)))
			}
		}
		if !sleep(ctx, repeatAfter+50*time.Millisecond) {
			return
		}
	}
}

// goodbye withdraws all records (§10.1), so that cameras look again at once instead of trying a dead address.
func (r *Responder) goodbye() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for index, l := range r.links {
		r.withdraw(index, l.zone.records)
	}
}

// withdraw ends the life of records on an interface, also of the shared ones, which nothing else drops from a cache.
func (r *Responder) withdraw(index int, records []dns.RR) {
	if len(records) == 0 {
		return
	}
	m := zone{}.message(nil)
	for _, rr := range records {
		gone := dns.Copy(rr)
		gone.Header().Ttl = 0
		m.Answer = append(m.Answer, gone)
	}
	r.send(m, index, netip.AddrPort{}, r.sockets...)
}

// listen answers what comes in on one socket until ctx ends.
func (r *Responder) listen(ctx context.Context, s socket, waiting chan struct{}, senders *sync.WaitGroup) {
	buf := make([]byte, 9000) // the most that multicast DNS allows (§17)
	for {
		p, err := s.read(buf)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			r.Logger.Debug("mdns: read", "error", err)
			sleep(ctx, 100*time.Millisecond) // a socket in error must not spin
			continue
		}
		l := r.link(p.ifIndex)
		if l == nil || !l.mayAsk(p) {
			continue
		}
		var query dns.Msg
		if query.Unpack(p.data) != nil {
			continue
		}
		for _, out := range l.zone.replies(&query, p.from.Port() != port) {
			switch {
			case out.unicast:
				r.send(out.msg, p.ifIndex, p.from, s)
			case out.delayed:
				select {
				case waiting <- struct{}{}:
					senders.Go(func() {
						defer func() { <-waiting }()
						wait := 20*time.Millisecond + rand.N(100*time.Millisecond) //nolint:gosec // spreads answers, keeps no secret
						if sleep(ctx, wait) {
							r.multicast(p.ifIndex, out.msg)
						}
					})
				default:
				}
			default:
				r.multicast(p.ifIndex, out.msg)
			}
		}
	}
}

// mayAsk: a packet to the group comes from this link; one sent to our own address must come from a network of the
// interface, lest anybody on the internet use us to find out or to amplify (§11).
func (l *link) mayAsk(p packet) bool {
	from := p.from.Addr().Unmap().WithZone("")
	return p.toGroup || from.IsLinkLocalUnicast() ||
		slices.ContainsFunc(l.prefixes, func(n netip.Prefix) bool { return n.Contains(from) })
}

// multicast sends what the interface has not heard within the last second, on both families.
func (r *Responder) multicast(index int, m *dns.Msg) {
	r.mu.Lock()
	l := r.links[index]
	if l != nil {
		now := time.Now()
		m.Answer = slices.DeleteFunc(m.Answer, func(rr dns.RR) bool {
			if key := rr.String(); now.Sub(l.lastSent[key]) >= repeatAfter {
				l.lastSent[key] = now
				return false
			}
			return true
		})
	}
	r.mu.Unlock()
	if l != nil && len(m.Answer) > 0 {
		r.send(m, index, netip.AddrPort{}, r.sockets...)
	}
}

func (r *Responder) send(m *dns.Msg, ifIndex int, to netip.AddrPort, by ...socket) {
	data, err := m.Pack()
	if err != nil {
		r.Logger.Error("mdns: pack answer", "error", err)
		return
	}
	for _, s := range by {
		if err := s.write(data, ifIndex, to); err != nil {
			r.Logger.Debug("mdns: send", "interface", ifIndex, "error", err)
		}
	}
}

// sleep waits for d and tells whether ctx is still alive then.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
