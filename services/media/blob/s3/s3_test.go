package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/leash"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/blobtest"
	"home.arpa/nestbox/services/media/blob/s3"
)

const (
	accessKey = "nestbox-test"
	secretKey = "nestbox-test-secret"
	id        = "018e0000-0000-7000-8000-000000000001"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// gateway builds the server, see testdata/versitygw. go tool keeps it in the build
// cache and prints where.
var gateway = sync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "tool", "-n", "versitygw")
	cmd.Dir = filepath.Join("testdata", "versitygw")
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=readonly")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("build versitygw: %w\n%s", err, stderr.String())
	}
	return strings.TrimSpace(string(out)), nil
})

// server is a private S3 server.
type server struct {
	t      testing.TB
	folder *leash.Folder
	proc   *leash.Process
	addr   string
}

func startServer(t testing.TB) *server {
	t.Helper()
	folder, err := leash.NewFolder("nestbox-s3test-", "")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, folder: folder}
	t.Cleanup(func() {
		s.kill()
		if err := folder.Remove(); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"data", "meta"} {
		if err := os.Mkdir(filepath.Join(folder.Path, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	// Between finding a free port and using it another program may take it.
	for range 3 {
		s.addr = freeAddr(t)
		if s.run() {
			return s
		}
	}
	s.fatal()
	return nil
}

// start starts it again, on the same port with the same data.
func (s *server) start() {
	s.t.Helper()
	if !s.run() {
		s.fatal()
	}
}

func (s *server) fatal() {
	s.t.Helper()
	log, _ := os.ReadFile(s.folder.LogPath())
	s.t.Fatalf("versitygw ended:\n%s", log)
}

// run starts the program and reports whether it listens.
func (s *server) run() (listens bool) {
	s.t.Helper()
	program, err := gateway()
	if err != nil {
		s.t.Fatal(err)
	}
	s.proc, err = s.folder.Start(program, "--port", s.addr, "--access", accessKey, "--secret", secretKey,
		"posix", "--sidecar", filepath.Join(s.folder.Path, "meta"), filepath.Join(s.folder.Path, "data"))
	if err != nil {
		s.t.Fatal(err)
	}
	within(s.t, 20*time.Second, "the server listens", func() bool {
		if s.proc.Exited() {
			return true
		}
		c, err := net.Dial("tcp", s.addr)
		if err == nil {
			c.Close()
			listens = true
		}
		return listens
	})
	return listens && !s.proc.Exited()
}

func (s *server) kill() {
	s.t.Helper()
	if s.proc == nil {
		return
	}
	if err := s.proc.Stop(syscall.SIGKILL, 5*time.Second); err != nil {
		s.t.Error(err)
	}
	s.proc = nil
}

// bucket opens a bucket, without making it.
func (s *server) bucket(t testing.TB, name string) *s3.Bucket {
	t.Helper()
	b, err := s3.Open(s3.Config{Endpoint: s.addr, Bucket: name, AccessKey: accessKey, SecretKey: secretKey, Spool: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func freeAddr(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func within(t testing.TB, limit time.Duration, what string, cond func() bool) {
	t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", limit, what)
		case <-tick.C:
		}
	}
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	var n atomic.Int64
	t.Run("Exercise", func(t *testing.T) {
		blobtest.Exercise(t, func(t *testing.T) media.Blobs {
			b := s.bucket(t, "nestbox-"+strconv.FormatInt(n.Add(1), 10))
			if err := b.Create(t.Context()); err != nil {
				t.Fatal(err)
			}
			return b.Prefix("pictures/")
		})
	})
}

func TestBucketIsMadeOnce(t *testing.T) {
	t.Parallel()
	b := startServer(t).bucket(t, "nestbox")
	pictures := b.Prefix("pictures/")
	if err := pictures.Ping(t.Context()); err == nil || !strings.Contains(err.Error(), "media migrate") {
		t.Errorf("Ping without a bucket = %v, want advice", err)
	}
	for range 2 {
		if err := b.Create(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := pictures.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}

func put(t *testing.T, b media.Blobs, content string) error {
	t.Helper()
	s, err := b.Stage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Discard() }()
	if _, err := io.WriteString(s, content); err != nil {
		t.Fatal(err)
	}
	return s.Commit(t.Context(), id)
}

func TestPrefixesAreApart(t *testing.T) {
	t.Parallel()
	b := startServer(t).bucket(t, "nestbox")
	if err := b.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	pictures, thumbnails := b.Prefix("pictures/"), b.Prefix("thumbnails/")
	if err := put(t, pictures, "a picture"); err != nil {
		t.Fatal(err)
	}
	if _, err := thumbnails.Size(t.Context(), id); !errors.Is(err, media.ErrNoBlob) {
		t.Errorf("Size = %v, want ErrNoBlob", err)
	}
	if err := thumbnails.Walk(t.Context(), func(e media.Entry) error { return fmt.Errorf("found %+v", e) }); err != nil {
		t.Error(err)
	}
}

func TestServerGoneIsUnavailableAndHeals(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	b := server.bucket(t, "nestbox")
	if err := b.Create(t.Context()); err != nil {
		t.Fatal(err)
	}
	pictures := b.Prefix("pictures/")
	if err := put(t, pictures, "a picture"); err != nil {
		t.Fatal(err)
	}
	server.kill()
	for name, call := range map[string]func() error{
		"Open":   func() error { _, err := pictures.Open(t.Context(), id); return err },
		"Commit": func() error { return put(t, pictures, "another") },
		"Remove": func() error { return pictures.Remove(t.Context(), []string{id}) },
		"Walk":   func() error { return pictures.Walk(t.Context(), func(media.Entry) error { return nil }) },
		"Ping":   func() error { return pictures.Ping(t.Context()) },
	} {
		start := time.Now()
		if err := call(); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s without a server: %v, want Unavailable", name, err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s took %v", name, took)
		}
	}
	server.start()
	within(t, 30*time.Second, "the bucket is back", func() bool { return pictures.Ping(t.Context()) == nil })
	if n, err := pictures.Size(t.Context(), id); err != nil || n != int64(len("a picture")) {
		t.Errorf("Size = %d, %v", n, err)
	}
}

func TestWrongKeyIsUnavailableAndTheSecretStaysOut(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	b, err := s3.Open(s3.Config{Endpoint: s.addr, Bucket: "nestbox", AccessKey: accessKey, SecretKey: "not-the-secret"})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	err = b.Prefix("").Remove(t.Context(), []string{id})
	if fault.KindOf(err) != fault.Unavailable || strings.Contains(fmt.Sprint(err), "not-the-secret") {
		t.Errorf("Remove = %v", err)
	}
}

func TestCallerGivingUpIsNotTheBucketsFault(t *testing.T) {
	t.Parallel()
	b := startServer(t).bucket(t, "nestbox")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Prefix("").Open(ctx, id); !errors.Is(err, context.Canceled) || fault.KindOf(err) != fault.Internal {
		t.Errorf("Open = %v, want context.Canceled", err)
	}
}
