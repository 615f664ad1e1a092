// Package httpx is how every Nestbox service speaks HTTP: one Gin engine with one
// explicit list of middleware, one place that turns errors into problem documents
// (RFC 9457), bodies that are capped and timed before they are read, health
// probes, and a server that stops in order.
//
// It refuses to know what a request means: no noun of ours, no credential, no
// store. It is the only package that knows which status code a fault.Kind is.
package httpx
