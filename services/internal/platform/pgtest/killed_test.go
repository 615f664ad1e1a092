package pgtest_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/pgtest"
)

// TestVictim is the test that TestNothingOutlivesAKilledTestBinary kills; by
// itself it is empty.
func TestVictim(t *testing.T) {
	if os.Getenv("PGTEST_VICTIM") == "" {
		return
	}
	s := pgtest.StartServer(t)
	db := pgtest.Connect(t, s.Config("public"))
	dir := ""
	if err := db.Pool.QueryRow(t.Context(), "SHOW data_directory").Scan(&dir); err != nil {
		t.Fatal(err)
	}
	s.Freeze()
	fmt.Printf("\nfolder %s\n", filepath.Dir(dir))
	<-t.Context().Done() // for ever
}

func TestNothingOutlivesAKilledTestBinary(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestVictim$")
	cmd.Env = append(os.Environ(), "PGTEST_VICTIM=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	folder := ""
	for lines := bufio.NewScanner(out); folder == "" && lines.Scan(); {
		folder, _ = strings.CutPrefix(lines.Text(), "folder ")
		if !strings.HasPrefix(folder, "/") {
			folder = ""
		}
	}
	if serversIn(folder) < 3 {
		t.Fatalf("no server runs in %q", folder)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	pgtest.Within(t, 30*time.Second, "folder and server are gone", func() bool {
		_, err := os.Stat(folder)
		return errors.Is(err, os.ErrNotExist) && serversIn(folder) == 0
	})
}

// serversIn counts the processes whose working folder is in that one.
func serversIn(folder string) (n int) {
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, l := range links {
		if cwd, err := os.Readlink(l); err == nil && strings.HasPrefix(cwd, folder+"/") {
			n++
		}
	}
	return n
}
