package control

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRequestsComeThroughAsTheOwner(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"short path":                      filepath.Join(t.TempDir(), "run", "hub.sock"),
		"path longer than a socket's may": filepath.Join(t.TempDir(), strings.Repeat("deep/", 40), "run", "hub.sock"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, err := Listen(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = fmt.Fprint(w, r.Header.Get("Authorization"), r.Header.Get("Cookie"))
			}), "mine")}
			done := make(chan struct{})
			go func() { _ = server.Serve(l); close(done) }()

			req, _ := http.NewRequest(http.MethodGet, "http://hub/", nil)
			req.Header.Set("Authorization", "Bearer theirs")
			req.Header.Set("Cookie", "nestbox_session=theirs")
			res, err := (&http.Client{Transport: Transport(path)}).Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(res.Body)
			res.Body.Close()
			if string(body) != "Bearer mine" {
				t.Errorf("handler saw %q", body)
			}
			mustHaveMode(t, path, 0o600)
			mustHaveMode(t, filepath.Dir(path), 0o700)

			server.Close()
			<-done
			if _, err := os.Stat(path); !os.IsNotExist(err) {
				t.Errorf("socket left behind: %v", err)
			}
		})
	}
}

func TestSocketOfADeadProcessIsReplaced(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run", "hub.sock")
	first, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	first.(*listener).Listener.Close() // the file stays, as after kill -9
	second, err := Listen(t.Context(), path)
	if err != nil {
		t.Fatalf("listen again: %v", err)
	}
	second.Close()
}

func mustHaveMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != want {
		t.Errorf("%s has mode %o, want %o", path, got, want)
	}
}
