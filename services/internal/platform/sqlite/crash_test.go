package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"home.arpa/nestbox/services/internal/platform/sqlite"
)

// writeUntilKilled is the body of the subprocess of TestKillInTheMiddleOfWrites.
// It prints each number after its commit, so the parent knows what was promised.
func writeUntilKilled(path string) {
	ctx := context.Background()
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		var n int
		err := db.InTx(ctx, func(ctx context.Context, tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) + 1 FROM promise").Scan(&n); err != nil {
				return err
			}
			// Two tables and a body of many pages, so that a half-written commit shows.
			if _, err := tx.ExecContext(ctx, "INSERT INTO promise VALUES (?)", n); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO body VALUES (?, zeroblob(40000))", n)
			return err
		})
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(n)
	}
}

func TestKillInTheMiddleOfWritesLosesNoPromise(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hub.db")
	db := open(t, path)
	run(t, db.Write, "CREATE TABLE promise (n INTEGER PRIMARY KEY); CREATE TABLE body (n INTEGER PRIMARY KEY, b BLOB)")

	for round := range 5 {
		promised := killWriter(t, path, 10+7*round)
		kept, err := strconv.Atoi(text(t, db.Read, "SELECT max(n) FROM promise"))
		if err != nil {
			t.Fatal(err)
		}
		// One more than promised may be there: committed, killed before the print.
		if kept < promised || kept > promised+1 {
			t.Errorf("round %d: %d commits were promised, %d are there", round, promised, kept)
		}
		if got := text(t, db.Read, "PRAGMA integrity_check"); got != "ok" {
			t.Errorf("round %d: integrity_check: %s", round, got)
		}
		if got := text(t, db.Read, "SELECT count(*) FROM promise LEFT JOIN body USING (n) WHERE length(b) IS NOT 40000"); got != "0" {
			t.Errorf("round %d: %s rows are half there", round, got)
		}
	}
}

// killWriter starts a writer, kills it with SIGKILL after some commits and
// returns the last number that it printed.
func killWriter(t *testing.T, path string, commits int) int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "SQLITE_TEST_VICTIM="+path)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := 0
	lines := bufio.NewScanner(out)
	for i := 0; lines.Scan(); i++ {
		if last, err = strconv.Atoi(lines.Text()); err != nil {
			t.Fatal(err)
		}
		if i == commits {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("the writer ended by itself")
	}
	if last == 0 {
		t.Fatal("the writer wrote nothing")
	}
	return last
}
