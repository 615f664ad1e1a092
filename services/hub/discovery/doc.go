// Package discovery lets cameras find the hub without being told an address. It is a small multicast DNS responder
// (RFC 6762) for one DNS-SD service (RFC 6763) and a few host names. It knows DNS and sockets; it knows nothing of devices
// or of HTTP beyond the port number that it repeats.
//
// What it says, for a hub whose id is a1b2c3:
//
//	_nestbox._tcp.local.                  PTR    nestbox-a1b2c3._nestbox._tcp.local.
//	nestbox-a1b2c3._nestbox._tcp.local.   SRV    0 0 5000 nestbox-a1b2c3.local.
//	nestbox-a1b2c3._nestbox._tcp.local.   TXT    path=/api version=1.0.0
//	nestbox-a1b2c3.local.                 A/AAAA the addresses of the interface that the question came in by
//	esp32cam.local.                       A/AAAA the same; the name that the first firmware looks for
//
// For a hub behind a proxy or on another machine it says that address instead, on every interface: see Responder.Addresses,
// and Host for a hub whose address is only known by a name.
//
// The machine's own <host>.local is left alone: Avahi or systemd-resolved answers for it and keeps port 5353 beside us.
//
// # Why not a library
//
// github.com/hashicorp/mdns v1.0.7 was tried first. It answers a query from an ephemeral port with id 0 and without the
// question, where RFC 6762 §6.7 asks for both to be repeated; small resolvers (lwIP's among them, and so every camera that
// sits behind an emulator's NAT) throw such an answer away. It also sends each answer to the asker alone, compares names by
// case, gives every interface the same addresses, and sends no announcement and no goodbye. What is left when those are
// replaced is its socket call, so this package is written on miekg/dns, which both would use.
//
// # Probing
//
// Names that only this hub may hold contain its id, which comes from its signing key: they are unique by construction and are
// not probed for (§8.1 exists to find out what is known here already). esp32cam.local is held as a shared name, without the
// cache-flush bit, so two hubs on one network do not fight over it.
package discovery
