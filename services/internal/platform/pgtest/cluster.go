package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"home.arpa/nestbox/services/internal/platform/leash"
)

const (
	superuser    = "nestbox"
	startTimeout = 20 * time.Second
	stopTimeout  = 10 * time.Second
)

// settings make a server quick and small. Nothing here weakens what a test can
// see: without fsync a commit survives the death of the server, only not that
// of the machine.
var settings = []string{
	"fsync=off", "full_page_writes=off",
	"shared_buffers=16MB", "max_connections=100", "autovacuum=off", "jit=off",
	"wal_level=minimal", "max_wal_senders=0", "max_wal_size=256MB", "max_logical_replication_workers=0",
	"listen_addresses='127.0.0.1'", "timezone='UTC'", "log_min_messages=warning",
}

// cluster is one data folder and the server on it.
type cluster struct {
	folder *leash.Folder
	proc   *leash.Process // nil while stopped
	bin    string
	port   int
}

// binDir finds the server's programs: Debian keeps them out of the PATH.
var binDir = sync.OnceValues(func() (string, error) {
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dir := strings.TrimSpace(string(out))
		if _, err := os.Stat(filepath.Join(dir, "initdb")); err == nil {
			return dir, nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil || len(found) == 0 {
		return "", errors.New(`no Postgres server found: run "make setup"`)
	}
	newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
})

// version reads the 15 of /usr/lib/postgresql/15/bin/initdb.
func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}

func newCluster() (*cluster, error) {
	bin, err := binDir()
	if err != nil {
		return nil, err
	}
	folder, err := leash.NewFolder("nestbox-pgtest-", "postgres")
	if err != nil {
		return nil, err
	}
	c := &cluster{folder: folder, bin: bin}
	initdb := folder.Command(filepath.Join(bin, "initdb"), "--pgdata=data", "--username="+superuser,
		"--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w: %s", err, out), folder.Remove())
	}
	conf := append([]string{"unix_socket_directories='" + folder.Path + "'"}, settings...)
	if err := appendFile(filepath.Join(folder.Path, "data", "postgresql.conf"), strings.Join(conf, "\n")+"\n"); err != nil {
		return nil, errors.Join(err, folder.Remove())
	}
	// Another process can take the free port before Postgres does.
	for range 3 {
		if c.port, err = freePort(); err == nil {
			if err = c.start(); err == nil {
				return c, nil
			}
		}
	}
	return nil, errors.Join(err, folder.Remove())
}

func appendFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}

// start runs the server on its port and waits until it takes queries.
func (c *cluster) start() error {
	proc, err := c.folder.Start(filepath.Join(c.bin, "postgres"), "-D", "data", "-p", strconv.Itoa(c.port))
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(5 * time.Millisecond) {
		err := c.exec("SELECT 1")
		if err == nil {
			c.proc = proc
			return nil
		}
		if proc.Exited() || time.Now().After(deadline) {
			log, _ := os.ReadFile(c.folder.LogPath())
			return errors.Join(fmt.Errorf("start Postgres: %w: %s", err, log), proc.Kill())
		}
	}
}

// exec runs one statement as the superuser, through the socket in our own
// folder: a port could be somebody else's.
func (c *cluster) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	conn, err := pgx.Connect(ctx, fmt.Sprintf("host=%s port=%d user=%s dbname=postgres", c.folder.Path, c.port, superuser))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	return errors.Join(err, conn.Close(ctx))
}

func (c *cluster) url(database string) string {
	return fmt.Sprintf("postgres://%s@127.0.0.1:%d/%s?sslmode=disable", superuser, c.port, database)
}

// stop ends the server in order: open connections are cut, data is kept.
func (c *cluster) stop() error {
	if c.proc == nil {
		return nil
	}
	proc := c.proc
	c.proc = nil
	return proc.Stop(syscall.SIGINT, stopTimeout) // "fast shutdown"
}

func (c *cluster) kill() error {
	if c.proc == nil {
		return nil
	}
	proc := c.proc
	c.proc = nil
	return proc.Kill()
}

// remove ends the server by force, for nobody needs its data, and removes it.
func (c *cluster) remove() error { return errors.Join(c.kill(), c.folder.Remove()) }
