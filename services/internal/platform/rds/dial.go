package rds

import (
	"context"
	"net"
	"time"

	"github.com/redis/go-redis/v9"
)

// dialer is the dialer of opts with one difference: a dial that fails gives a
// connection whose first use fails.
//
// go-redis counts failed dials. When there were as many as the pool is large,
// it fails every command without a try, until a goroutine that tries once a
// second gets through: a Redis that is back is used up to a second late, and
// the goroutine outlives the client by as much. Trying costs us nothing: a
// refused dial takes microseconds, one without an answer ends with the command.
func dialer(opts *redis.Options) func(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := redis.NewDialer(opts)
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		if err != nil {
			return failedConn{err}, nil //nolint:nilerr // see above
		}
		return conn, nil
	}
}

// failedConn is a net.Conn that never came to be.
type failedConn struct{ err error }

func (c failedConn) Read([]byte) (int, error)         { return 0, c.err }
func (c failedConn) Write([]byte) (int, error)        { return 0, c.err }
func (c failedConn) Close() error                     { return nil }
func (c failedConn) LocalAddr() net.Addr              { return nowhere{} }
func (c failedConn) RemoteAddr() net.Addr             { return nowhere{} }
func (c failedConn) SetDeadline(time.Time) error      { return nil }
func (c failedConn) SetReadDeadline(time.Time) error  { return nil }
func (c failedConn) SetWriteDeadline(time.Time) error { return nil }

type nowhere struct{}

func (nowhere) Network() string { return "none" }
func (nowhere) String() string  { return "nowhere" }
