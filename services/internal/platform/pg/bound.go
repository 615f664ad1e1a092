package pg

import (
	"context"
	"net"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// When a context ends in the middle of a query, pgx gives the connection up in
// the background: it dials the server again to cancel the query, says good-bye
// and reads the rest, for up to 15 s (pgconn.asyncClose). Against a server that
// is cut off, each of these holds a slot of the pool for those 15 s, so that
// the pool is useless for as long after the server is back. It cannot be
// configured, but it does all this through the net.Conn that we give it.

// leaveTimeout bounds the good-bye of a connection that is given up.
const leaveTimeout = 500 * time.Millisecond

// boundConn is a connection on which no deadline lies far in the future.
//
// Until it is logged in, it has a time to live, counted from the dial:
// this covers log-ins and cancel requests, which never log in. After that,
// deadlines are at most leaveTimeout ahead: pgx sets none in the future except
// for the good-bye, since it ends a query that takes too long by a deadline in
// the past.
type boundConn struct {
	net.Conn
	limit    time.Time
	loggedIn atomic.Bool
}

// boundConnections makes all connections of cc boundConns, each of which has the
// given time to connect.
func boundConnections(cc *pgx.ConnConfig, connecting time.Duration) {
	cc.ConnectTimeout = connecting
	dialer := &net.Dialer{Timeout: connecting, KeepAlive: 15 * time.Second}
	cc.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
		limit := time.Now().Add(connecting)
		conn, err := dialer.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		b := &boundConn{Conn: conn, limit: limit}
		return b, b.SetDeadline(time.Time{})
	}
	cc.AfterConnect = func(_ context.Context, conn *pgconn.PgConn) error {
		return logIn(conn.Conn())
	}
}

// logIn lifts the limit of a connection that has proved to be a session.
func logIn(conn net.Conn) error {
	if outer, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = outer.NetConn()
	}
	b, ok := conn.(*boundConn)
	if !ok {
		return nil
	}
	b.loggedIn.Store(true)
	return b.Conn.SetDeadline(time.Time{})
}

func (c *boundConn) bound(t time.Time) time.Time {
	limit := c.limit
	if c.loggedIn.Load() {
		if t.IsZero() {
			return t
		}
		limit = time.Now().Add(leaveTimeout)
	}
	if t.IsZero() || t.After(limit) {
		return limit
	}
	return t
}

// SetDeadline implements net.Conn.
func (c *boundConn) SetDeadline(t time.Time) error { return c.Conn.SetDeadline(c.bound(t)) }

// SetReadDeadline implements net.Conn.
func (c *boundConn) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.bound(t)) }

// SetWriteDeadline implements net.Conn.
func (c *boundConn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.bound(t)) }
