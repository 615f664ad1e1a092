package pg_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/pg"
	"home.arpa/nestbox/services/internal/platform/pgtest"
)

// limit is what a client may wait for its 503.
const limit = 2 * time.Second

func selectOne(ctx context.Context, q pg.Querier) error {
	var n int
	return q.QueryRow(ctx, "SELECT 1").Scan(&n)
}

func tx(db *pg.DB) func(context.Context) error {
	return func(ctx context.Context) error {
		return db.InTx(ctx, func(ctx context.Context, tx pgx.Tx) error { return selectOne(ctx, tx) })
	}
}

func do(db *pg.DB) func(context.Context) error {
	return func(ctx context.Context) error { return db.Do(ctx, selectOne) }
}

// unavailable fails the test unless the operation fails in time, as Unavailable
// with advice when to try again.
func unavailable(t *testing.T, operation func(context.Context) error) {
	t.Helper()
	start := time.Now()
	err := operation(t.Context())
	if took := time.Since(start); took > limit {
		t.Errorf("it took %v, want at most %v", took, limit)
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Unavailable || f.RetryAfter <= 0 {
		t.Errorf("error is %v, want unavailable with advice when to try again", err)
	}
}

// heals waits until the database is usable again and says how long it took: less than
// the 15 s for which pgx by itself would hold the connections of a server that was cut off.
func heals(t *testing.T, db *pg.DB) {
	t.Helper()
	start := time.Now()
	pgtest.Within(t, 10*time.Second, "the pool heals", func() bool { return tx(db)(t.Context()) == nil })
	t.Logf("healed in %v", time.Since(start).Round(time.Millisecond))
}

func TestAServerThatRefusesIsUnavailable(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	heals(t, db)
	s.Kill()
	for range 3 { // the first meets a cut connection, the others none
		unavailable(t, tx(db))
		unavailable(t, do(db))
		unavailable(t, db.Ping)
	}
	s.Start()
	heals(t, db)
}

func TestAServerThatWasNeverThereIsUnavailable(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	s.Stop()
	db := pgtest.Connect(t, s.Config("public"))
	unavailable(t, tx(db))
	s.Start()
	heals(t, db)
}

func TestARestartBetweenTwoTransactionsIsNotNoticed(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	for _, end := range []func(){s.Stop, s.Kill} {
		warm(t, db, 4)
		end()
		s.Start()
		for range 4 {
			if err := tx(db)(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// warm opens n connections.
func warm(t *testing.T, db *pg.DB, n int) {
	t.Helper()
	held := make([]interface{ Release() }, 0, n)
	for range n {
		conn, err := db.Pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
	}
	for _, conn := range held {
		conn.Release()
	}
}

func TestAFrozenServerIsUnavailable(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	warm(t, db, 4)
	s.Freeze()
	// More than the pool has connections, so that some wait for one.
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { unavailable(t, tx(db)) })
		wg.Go(func() { unavailable(t, do(db)) })
	}
	wg.Wait()
	unavailable(t, db.Ping)
	s.Thaw()
	heals(t, db)
}

func TestAMigrationWaitsLongerForASlowServer(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	pool := db.OpenSQL()
	t.Cleanup(func() { _ = pool.Close() })
	s.Freeze()
	connected := make(chan error, 1)
	go func() { connected <- pool.PingContext(t.Context()) }()
	for range 2 { // each gives up after a second
		unavailable(t, do(db))
	}
	s.Thaw()
	if err := <-connected; err != nil {
		t.Errorf("the migration gave up: %v", err)
	}
}

func TestAServerThatFreezesInsideATransaction(t *testing.T) {
	t.Parallel()
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	for name, freeze := range map[string]func(context.Context, pgx.Tx) error{
		"before a statement": func(ctx context.Context, tx pgx.Tx) error { s.Freeze(); return selectOne(ctx, tx) },
		"before the commit":  func(context.Context, pgx.Tx) error { s.Freeze(); return nil },
		"before a rollback":  func(context.Context, pgx.Tx) error { s.Freeze(); return errors.New("no") },
		"in a statement": func(ctx context.Context, tx pgx.Tx) error {
			stop := time.AfterFunc(100*time.Millisecond, s.Freeze)
			defer stop.Stop()
			_, err := tx.Exec(ctx, "SELECT pg_sleep(10)")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			err := db.InTx(t.Context(), freeze)
			if took := time.Since(start); took > limit {
				t.Errorf("it took %v, want at most %v", took, limit)
			}
			if name != "before a rollback" && fault.KindOf(err) != fault.Unavailable {
				t.Errorf("error is %v, want unavailable", err)
			}
			s.Thaw()
			heals(t, db)
		})
	}
}

func TestAStatementThatTakesTooLongIsUnavailable(t *testing.T) {
	t.Parallel()
	db := pgtest.Connect(t, pgtest.New(t, "registry"))
	unavailable(t, func(ctx context.Context) error {
		return db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
			_, err := q.Exec(ctx, "SELECT pg_sleep(10)")
			return err
		})
	})
	// The server has stopped it, too.
	pgtest.Within(t, 30*time.Second, "the statement is cancelled in the server", func() bool {
		var n int
		err := db.Pool.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'").Scan(&n)
		return err == nil && n == 0
	})
}

// A pool may not leave goroutines behind after it was closed during an outage,
// nor take long for it.
func TestCloseDuringAnOutageIsQuickAndClean(t *testing.T) {
	s := pgtest.StartServer(t)
	before := goleak.IgnoreCurrent()
	db, err := pg.Open(t.Context(), s.Config("public"))
	if err != nil {
		t.Fatal(err)
	}
	warm(t, db, 4)
	s.Freeze()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() { unavailable(t, tx(db)) })
	}
	wg.Wait()
	start := time.Now()
	db.Close()
	took := time.Since(start)
	if took > limit {
		t.Errorf("Close took %v", took)
	}
	t.Logf("closed in %v", took.Round(time.Millisecond))
	s.Thaw()
	goleak.VerifyNone(t, before)
}
