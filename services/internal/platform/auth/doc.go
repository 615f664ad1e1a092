// Package auth decides who is speaking: a device by a signed token, an operator by
// a session or an API token.
//
// It owns the token format, its signature and expiry, the shape of credentials and
// where a request carries them. It refuses to know what a device or an operator may
// do, and whether a token has been overtaken by a newer epoch: that lives with each
// service's own data, which it reads in the same round trip as the rest.
package auth
