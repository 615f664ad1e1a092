package discovery

import (
	"slices"

	"github.com/miekg/dns"
)

// reply is one message to send because of a query.
type reply struct {
	msg     *dns.Msg
	unicast bool // to the asker alone; otherwise to the group
	// delayed: others may hold records of the same name, so wait 20 to 120 ms lest all speak at once (§6).
	delayed bool
}

// replies decides what to say to query. legacy means that it came from a port other than 5353, so from a plain DNS resolver
// that can take nothing but an ordinary unicast answer (§6.7). The result is empty when there is nothing to say.
func (z zone) replies(query *dns.Msg, legacy bool) []reply {
	if query.Response || query.Opcode != dns.OpcodeQuery || query.Rcode != dns.RcodeSuccess {
		return nil // §18.3, §18.11: silently
	}
	var toGroup, toAsker []dns.RR
	for _, q := range query.Question {
		found := z.answer(q)
		if legacy || q.Qclass&cacheFlush != 0 { // in a question the same bit asks for a unicast answer (§5.4)
			toAsker = merge(toAsker, found)
		} else {
			toGroup = merge(toGroup, found)
		}
	}
	toGroup, toAsker = withoutKnown(toGroup, query.Answer), withoutKnown(toAsker, query.Answer)

	var out []reply
	switch {
	case len(toAsker) > 0 && legacy:
		out = append(out, reply{msg: z.legacyMessage(query, toAsker), unicast: true})
	case len(toAsker) > 0:
		m := z.message(toAsker)
		m.Id = query.Id
		out = append(out, reply{msg: m, unicast: true})
	}
	if len(toGroup) > 0 {
		out = append(out, reply{msg: z.message(toGroup), delayed: slices.ContainsFunc(toGroup, isShared)})
	}
	return out
}

func (z zone) answer(q dns.Question) []dns.RR {
	if class := q.Qclass &^ cacheFlush; class != dns.ClassINET && class != dns.ClassANY {
		return nil
	}
	if found := z.find(q.Name, q.Qtype); len(found) > 0 {
		return found
	}
	return z.deny(q.Name)
}

// message is an ordinary multicast DNS response (§18) with what the reader will ask for next beside it.
func (z zone) message(answers []dns.RR) *dns.Msg {
	m := &dns.Msg{Compress: true, Answer: answers, Extra: z.additional(answers)}
	m.Response, m.Authoritative = true, true
	return m
}

// legacyMessage is a response that an ordinary resolver accepts: its id, its question, plain classes, short lives (§6.7).
func (z zone) legacyMessage(query *dns.Msg, answers []dns.RR) *dns.Msg {
	m := z.message(answers)
	m.Id, m.Question = query.Id, query.Question
	m.Answer, m.Extra = plain(m.Answer), plain(m.Extra)
	return m
}

func plain(records []dns.RR) []dns.RR {
	out := make([]dns.RR, len(records))
	for i, rr := range records {
		out[i] = dns.Copy(rr)
		out[i].Header().Class &^= cacheFlush
		out[i].Header().Ttl = min(out[i].Header().Ttl, legacyTTL)
	}
	return out
}

// additional follows pointers (RFC 6763 §12), so that one packet takes a camera from the service to an address.
func (z zone) additional(answers []dns.RR) []dns.RR {
	all := slices.Clone(answers)
	for i := 0; i < len(all); i++ { // grows as it is walked: PTR, then SRV, then addresses
		switch rr := all[i].(type) {
		case *dns.PTR:
			if rr.Hdr.Name == serviceName {
				all = merge(all, z.find(rr.Ptr, dns.TypeANY))
			}
		case *dns.SRV:
			all = merge(all, z.find(rr.Target, dns.TypeANY))
		case *dns.A, *dns.AAAA:
			all = merge(all, z.find(rr.Header().Name, dns.TypeANY))
		}
	}
	return all[len(answers):]
}

// withoutKnown drops answers that the asker already has with at least half of their life left (§7.1).
func withoutKnown(answers, known []dns.RR) []dns.RR {
	return slices.DeleteFunc(answers, func(rr dns.RR) bool {
		return slices.ContainsFunc(known, func(k dns.RR) bool { return same(rr, k) && k.Header().Ttl >= rr.Header().Ttl/2 })
	})
}

// without gives those of records that are not among others.
func without(records, others []dns.RR) []dns.RR {
	return slices.DeleteFunc(slices.Clone(records), func(rr dns.RR) bool {
		return slices.ContainsFunc(others, func(o dns.RR) bool { return same(rr, o) })
	})
}

func merge(into, more []dns.RR) []dns.RR {
	for _, rr := range more {
		if !slices.ContainsFunc(into, func(have dns.RR) bool { return same(have, rr) }) {
			into = append(into, rr)
		}
	}
	return into
}

// same compares records without TTL and without the cache-flush bit.
func same(a, b dns.RR) bool {
	a, b = dns.Copy(a), dns.Copy(b)
	a.Header().Class &^= cacheFlush
	b.Header().Class &^= cacheFlush
	return dns.IsDuplicate(a, b)
}

func isShared(rr dns.RR) bool { return rr.Header().Class&cacheFlush == 0 }
