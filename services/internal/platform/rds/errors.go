package rds

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// retryAfter is the advice given with fault.Unavailable.
const retryAfter = 2 * time.Second

// Translate turns a Redis that is away, starting, full or read-only into
// fault.Unavailable. Everything else comes back unchanged: nil, redis.Nil, an
// error that has a kind already, and the end of the caller's own context by
// cancellation.
func Translate(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal || failure(err) == "" {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, "A part of the hub cannot be reached at the moment. Try again shortly.").After(retryAfter)
}

// failure names the way in which Redis failed to serve a command, with a word
// out of a fixed set; "" when it did not.
func failure(err error) string {
	switch {
	case err == nil || errors.Is(err, redis.Nil) || errors.Is(err, context.Canceled):
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted):
		return "pool"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, redis.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed):
		return "closed"
	}
	var netErr net.Error
	if errors.As(err, &netErr) {
		if netErr.Timeout() {
			return "timeout"
		}
		return "network"
	}
	// The first word of an error reply is its code; it is part of the protocol.
	for _, code := range []string{
		"LOADING", "READONLY", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS",
		"OOM",     // maxmemory reached and nothing may be evicted
		"MISCONF", // snapshots fail, so writes are refused: the disk is full
		"BUSY", "ERR max number of clients", "NOAUTH", "WRONGPASS", "NOPERM",
	} {
		if redis.HasErrorPrefix(err, code) {
			return "server"
		}
	}
	return ""
}
