package auth_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

// lookup is a set of credentials by hash, which counts what it is asked.
type lookup struct {
	known map[string]auth.Principal
	err   error
	asked int
}

func (l *lookup) Lookup(_ context.Context, hash string) (auth.Principal, error) {
	l.asked++
	if l.err != nil {
		return auth.Principal{}, l.err
	}
	p, ok := l.known[hash]
	if !ok {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "The session has ended. Log in again.")
	}
	return p, nil
}

func TestRequireOperator(t *testing.T) {
	t.Parallel()
	session, script := auth.NewCredential(), auth.NewCredential()
	ops := &lookup{known: map[string]auth.Principal{
		auth.HashCredential(session): {Name: "admin", CredentialID: "s1", Kind: auth.KindSession},
		auth.HashCredential(script):  {Name: "backup", CredentialID: "t1", Kind: auth.KindToken},
	}}
	h, log := engine(t, auth.RequireOperator(ops), func(c *gin.Context) { c.String(http.StatusOK, auth.OperatorFrom(c).Name) })
	cookie, unknown := "nestbox_session="+session, auth.NewCredential()
	for name, tc := range map[string]struct {
		method  string
		headers []string
		status  int
		body    string
		lookups int
	}{
		"token":                       {"POST", []string{"Authorization", "Bearer " + script}, 200, "backup", 1},
		"cookie":                      {"GET", []string{"Cookie", cookie}, 200, "admin", 1},
		"cookie of our own page":      {"POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "same-origin"}, 200, "admin", 1},
		"cookie, old browser":         {"POST", []string{"Cookie", cookie, "Origin", "http://hub.local"}, 200, "admin", 1},
		"cookie, no browser":          {"DELETE", []string{"Cookie", cookie}, 200, "admin", 1},
		"cookie of a foreign page":    {"POST", []string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 403, "", 0},
		"cookie of a sibling":         {"DELETE", []string{"Cookie", cookie, "Sec-Fetch-Site", "same-site"}, 403, "", 0},
		"cookie, old foreign browser": {"PATCH", []string{"Cookie", cookie, "Origin", "http://evil.example"}, 403, "", 0},
		"reading from a foreign page": {"GET", []string{"Cookie", cookie, "Sec-Fetch-Site", "cross-site"}, 200, "admin", 1},
		"token from a foreign page":   {"POST", []string{"Authorization", "Bearer " + script, "Sec-Fetch-Site", "cross-site"}, 200, "backup", 1},
		"nothing":                     {"GET", nil, 401, "", 0},
		"unknown":                     {"GET", []string{"Authorization", "Bearer " + unknown}, 401, "", 1},
		"header wins over cookie":     {"GET", []string{"Cookie", cookie, "Authorization", "Bearer " + unknown}, 401, "", 1},
		"broken header, good cookie":  {"GET", []string{"Cookie", cookie, "Authorization", "Basic x"}, 401, "", 0},
		"two cookies":                 {"GET", []string{"Cookie", cookie + "; " + cookie}, 401, "", 0},
		"two headers":                 {"GET", []string{"Authorization", "Bearer " + script, "Authorization", "Bearer " + script}, 401, "", 0},
		"cut":                         {"GET", []string{"Authorization", "Bearer " + script[:46]}, 401, "", 0},
		"longer":                      {"GET", []string{"Authorization", "Bearer " + script + "A"}, 401, "", 0},
		"no prefix":                   {"GET", []string{"Authorization", "Bearer " + strings.Repeat("A", 47)}, 401, "", 0},
		"not base64url":               {"GET", []string{"Authorization", "Bearer nbx_" + strings.Repeat("+", 43)}, 401, "", 0},
		"10,000 characters":           {"GET", []string{"Cookie", "nestbox_session=" + strings.Repeat("a", 10_000)}, 401, "", 0},
	} {
		ops.asked = 0
		rec := serve(t, h, tc.method, tc.headers...)
		if rec.Code != tc.status || (tc.status == http.StatusOK && rec.Body.String() != tc.body) {
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		}
		if ops.asked != tc.lookups {
			t.Errorf("%s: %d lookups", name, ops.asked)
		}
	}
	for _, secret := range []string{session, script, unknown, auth.HashCredential(session)} {
		if strings.Contains(log.String(), secret) {
			t.Error("a credential is in the log")
		}
	}
	if !strings.Contains(log.String(), `"actor":"operator backup by token t1"`) {
		t.Errorf("log: %s", log)
	}
}

func TestOperatorWhoCannotBeKnownIsToldToComeBack(t *testing.T) {
	t.Parallel()
	ops := &lookup{err: fault.Wrap(errors.New("dial"), fault.Unavailable, "Logins cannot be checked now.")}
	h, _ := engine(t, auth.RequireOperator(ops), func(*gin.Context) { t.Error("let in") })
	rec := serve(t, h, http.MethodGet, "Authorization", "Bearer "+auth.NewCredential())
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
		t.Errorf("%d %v", rec.Code, rec.Header())
	}
}

func TestNewCredential(t *testing.T) {
	t.Parallel()
	shape := regexp.MustCompile(`^nbx_[A-Za-z0-9_-]{43}$`)
	a, b := auth.NewCredential(), auth.NewCredential()
	if a == b || !shape.MatchString(a) {
		t.Errorf("%s, %s", a, b)
	}
	if got := auth.HashCredential("abc"); got != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" {
		t.Errorf("hash %s", got)
	}
}

func TestSessionCookie(t *testing.T) {
	t.Parallel()
	credential := auth.NewCredential()
	expires := time.Now().Add(time.Hour)
	h, _ := engine(t, func(*gin.Context) {}, func(c *gin.Context) {
		if got, ok := auth.SessionFrom(c); ok {
			c.Header("Seen", got)
			auth.ClearSession(c)
			return
		}
		auth.SetSession(c, credential, expires)
	})
	rec := serve(t, h, http.MethodPost)
	set := rec.Result().Cookies()[0]
	if set.Name != auth.SessionCookie || set.Value != credential || !set.HttpOnly || set.Secure || set.Path != "/" ||
		set.SameSite != http.SameSiteStrictMode || set.Expires.Unix() != expires.Unix() {
		t.Errorf("set %+v", set)
	}
	rec = serve(t, h, http.MethodPost, "Cookie", set.Name+"="+set.Value)
	cleared := rec.Result().Cookies()[0]
	if rec.Header().Get("Seen") != credential || cleared.Value != "" || !cleared.Expires.Before(time.Now()) {
		t.Errorf("cleared %+v, seen %s", cleared, rec.Header().Get("Seen"))
	}
	rec = serve(t, h, http.MethodPost, "X-Forwarded-Proto", "https")
	if !rec.Result().Cookies()[0].Secure {
		t.Error("not Secure behind TLS")
	}
}
