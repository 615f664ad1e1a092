package pg

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// retryAfter is the advice given with fault.Unavailable.
const retryAfter = 2 * time.Second

const unavailableMessage = "The database cannot be reached at the moment. Try again shortly."

// Translate turns a server that is away, full, overloaded or shutting down into
// fault.Unavailable. Everything else comes back unchanged: nil, pgx.ErrNoRows,
// constraint violations, an error that has a kind already, and the end of the
// caller's own context by cancellation.
//
// A passed deadline counts as the server's fault: operations here have their
// own, and it is the shorter one.
func Translate(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal {
		return err
	}
	if !unavailable(err) {
		return err
	}
	return fault.Wrap(err, fault.Unavailable, unavailableMessage).After(retryAfter)
}

func unavailable(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return unavailableState(pgErr.Code)
	}
	if errors.Is(err, context.Canceled) {
		return false
	}
	var connectErr *pgconn.ConnectError
	var netErr net.Error
	return errors.As(err, &connectErr) || errors.As(err, &netErr) ||
		pgconn.Timeout(err) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, puddle.ErrClosedPool)
}

// unavailableState tells by SQLSTATE whether the same statement can succeed
// later without anybody changing it.
// https://www.postgresql.org/docs/15/errcodes-appendix.html
func unavailableState(code string) bool {
	switch code {
	case "57014", // query_canceled: statement_timeout
		"57P01", "57P02", "57P03", "57P05", // shutdown, crash, starting up, idle_session_timeout
		"25P03",          // idle_in_transaction_session_timeout
		"25006",          // read_only_sql_transaction: we reached a standby
		"40001", "40P01", // serialization_failure, deadlock_detected
		"55P03",          // lock_not_available
		"3D000", "28P01", // no such database, wrong password: the operator's to mend, not the device's
		"28000":
		return true
	}
	// 08 connection exception, 53 insufficient resources (disk full, too many
	// connections), 58 system error (I/O).
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53") || strings.HasPrefix(code, "58")
}

// isCut tells that the server ended a connection that had been good: a restart,
// a crash or a fail-over.
func isCut(err error) bool {
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		return pgErr.Code == "57P01" || pgErr.Code == "57P02"
	}
	var connectErr *pgconn.ConnectError
	if errors.As(err, &connectErr) {
		return false
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
