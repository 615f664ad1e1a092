package httpx_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/httpx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// logged is a log that can be read while it is written.
type logged struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns the records that were logged.
func (l *logged) lines(t *testing.T) []map[string]any {
	t.Helper()
	var records []map[string]any
	for d := json.NewDecoder(strings.NewReader(l.String())); ; {
		var r map[string]any
		if err := d.Decode(&r); err == io.EOF {
			return records
		} else if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
	}
}

// setup returns an engine that logs everything to the returned log.
func setup(t *testing.T, o httpx.Options) (*gin.Engine, *logged) {
	t.Helper()
	log := &logged{}
	o.Logger = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return httpx.NewEngine(o), log
}

// serve answers one request; headers come in pairs of name and value.
func serve(t *testing.T, h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}

// problem checks that an answer is a whole problem document of this status.
func problem(t *testing.T, rec *httptest.ResponseRecorder, status int) httpx.ProblemBody {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if got := rec.Header().Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	var p httpx.ProblemBody
	d := json.NewDecoder(rec.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatalf("%v in %s", err, rec.Body)
	}
	if p.Status != status || p.Type == "" || p.Title == "" || p.Detail == "" || p.Instance == "" {
		t.Errorf("incomplete: %+v", p)
	}
	if got := rec.Header().Get("X-Request-Id"); got != p.Instance {
		t.Errorf("X-Request-Id %q, instance %q", got, p.Instance)
	}
	return p
}
