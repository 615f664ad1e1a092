package auth_test

import (
	"crypto/ed25519"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const deviceID = "AA:BB:CC:DD:EE:FF"

// noon is the fixed now of these tests.
var noon = time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)

func key(t testing.TB) (ed25519.PrivateKey, ed25519.PublicKey) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return private, public
}

func sign(t testing.TB, k ed25519.PrivateKey, c auth.Claims) string {
	t.Helper()
	token, err := auth.NewSigner(k).Sign(c)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// refused checks that err is Unauthenticated and repeats nothing of the token.
func refused(t testing.TB, err error, token string) {
	t.Helper()
	if fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("err = %v", err)
		return
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 8 && strings.Contains(err.Error(), part) {
			t.Errorf("the error repeats the token: %v", err)
		}
	}
}

// engine returns an engine with one guarded route for all methods, and its log.
func engine(t *testing.T, guard gin.HandlerFunc, handle gin.HandlerFunc) (http.Handler, *strings.Builder) {
	t.Helper()
	var log strings.Builder
	e := httpx.NewEngine(httpx.Options{Logger: slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	e.Any("/x", guard, handle)
	return e, &log
}

// serve answers one request; headers come in pairs of name and value.
func serve(t *testing.T, h http.Handler, method string, headers ...string) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, "http://hub.local/x", nil)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	return rec
}
