package httpx_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

func TestUnknownPathAndMethodAreProblems(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	e.POST("/api/things", func(c *gin.Context) { c.Status(http.StatusOK) })
	problem(t, serve(t, e, http.MethodGet, "/nothing", ""), http.StatusNotFound)
	rec := serve(t, e, http.MethodGet, "/api/things", "")
	if allow := rec.Header().Get("Allow"); allow != http.MethodPost {
		t.Errorf("Allow = %q", allow)
	}
	problem(t, rec, http.StatusMethodNotAllowed)
	problem(t, serve(t, e, "BREW", "/api/things", ""), http.StatusMethodNotAllowed)
}

// A path is matched as it was sent, decoded once. Whatever tricks it holds end in
// an id that the handler sees whole, or in 404; nothing is cleaned into another route.
func TestPathTricks(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	e.GET("/api/devices/:id", func(c *gin.Context) { c.String(http.StatusOK, "device %q", c.Param("id")) })
	e.GET("/api/devices/:id/commands", func(c *gin.Context) { c.String(http.StatusOK, "commands %q", c.Param("id")) })
	e.GET("/api/tokens", func(c *gin.Context) { c.String(http.StatusOK, "tokens") })
	long := strings.Repeat("A", 10_000)
	for _, tc := range []struct{ path, want string }{
		{"/api/devices/AA:BB", `device "AA:BB"`},
		{"/api/devices/AA%3ABB", `device "AA:BB"`},
		{"/api/devices/AA%253ABB", `device "AA%3ABB"`},
		{"/api/devices/..", `device ".."`},
		{"/api/devices/%2e%2e", `device ".."`},
		{"/api/devices/a%00b", `device "a\x00b"`},
		{"/api/devices/" + long, `device "` + long + `"`},
		{"/api/devices/../tokens", ""},
		{"/api/devices/..%2ftokens", ""},
		{"/api/devices/../commands", `commands ".."`},
		{"/api/devices/a%2Fcommands", `commands "a"`},
		{"/api/devices//commands", `commands ""`},
		{"/api/devices/", ""},
		{"//api/tokens", ""},
		{"/api/tokens/", ""},
		{"/api/./tokens", ""},
		{"/API/tokens", ""},
		{"/api/tokens;a=b", ""},
		{`/api\tokens`, ""},
	} {
		rec := serve(t, e, http.MethodGet, "http://hub"+tc.path, "")
		if tc.want == "" {
			if rec.Code != http.StatusNotFound && rec.Code != http.StatusBadRequest {
				t.Errorf("%.60s: status %d, body %s", tc.path, rec.Code, rec.Body)
			}
			continue
		}
		if rec.Body.String() != tc.want {
			t.Errorf("%.60s: got %d %.100s", tc.path, rec.Code, rec.Body)
		}
	}
}

func TestEveryAnswerIsSafeToOpenInBrowser(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	e.GET("/ok", func(c *gin.Context) { c.Status(http.StatusOK) })
	e.GET("/picture", func(c *gin.Context) {
		c.Header("Cache-Control", "immutable")
		c.Writer.Header().Add("Referrer-Policy", "origin")
	})
	for _, path := range []string{"/ok", "/nothing", "/ok"} {
		h := serve(t, e, http.MethodGet, path, "").Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		} {
			if got := h.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s = %q", path, name, got)
			}
		}
		// A handler's own values replace these and do not leak into the next answer.
		if got := serve(t, e, http.MethodGet, "/picture", "").Header().Get("Cache-Control"); got != "immutable" {
			t.Errorf("Cache-Control = %q", got)
		}
	}
}

func TestAnswersToDevicesHaveNoHeadersForBrowsers(t *testing.T) {
	t.Parallel()
	forBrowsers := []string{"X-Content-Type-Options", "Referrer-Policy", "Content-Security-Policy"}
	e, _ := setup(t, httpx.Options{})
	device := e.Group("", httpx.ForDevice)
	succeed := func(c *gin.Context) { c.Status(http.StatusOK) }
	device.POST("/beat", succeed)
	device.POST("/token", httpx.NoStore, succeed)
	device.GET("/commands", succeed)
	device.POST("/refused", func(c *gin.Context) { httpx.Fail(c, fault.New(fault.Unauthenticated, "No token.")) })
	e.GET("/page", succeed)
	for _, tc := range []struct {
		method, path, cache string
		browser             bool
	}{
		{http.MethodPost, "/beat", "", false},
		{http.MethodPost, "/token", "no-store", false},
		{http.MethodGet, "/commands", "no-store", false},
		{http.MethodPost, "/refused", "no-store", true},
		{http.MethodGet, "/beat", "no-store", true}, // not allowed
		{http.MethodGet, "/page", "no-store", true},
	} {
		h := serve(t, e, tc.method, tc.path, "").Header()
		if got := h.Get("Cache-Control"); got != tc.cache {
			t.Errorf("%s %s: Cache-Control = %q, want %q", tc.method, tc.path, got, tc.cache)
		}
		for _, name := range forBrowsers {
			if got := h.Get(name); (got != "") != tc.browser {
				t.Errorf("%s %s: %s = %q", tc.method, tc.path, name, got)
			}
		}
	}
}

func TestForwardedAddressIsBelievedFromProxiesOnly(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		trusted []string
		want    string
	}{
		{"nobody by default", nil, "192.0.2.1"}, // what httptest connects from
		{"another network", []string{"10.42.0.0/16"}, "192.0.2.1"},
		{"the proxy", []string{"192.0.2.0/24"}, "203.0.113.9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e, _ := setup(t, httpx.Options{TrustedProxies: tc.trusted})
			e.GET("/", func(c *gin.Context) { c.String(http.StatusOK, c.ClientIP()) })
			rec := serve(t, e, http.MethodGet, "/", "", "X-Forwarded-For", "198.51.100.1, 203.0.113.9", "X-Real-Ip", "198.51.100.7")
			if got := rec.Body.String(); got != tc.want {
				t.Errorf("client is %s, want %s", got, tc.want)
			}
		})
	}
}

func TestTrustedProxyThatIsNoAddressPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	httpx.NewEngine(httpx.Options{TrustedProxies: []string{"traefik"}})
}

func TestRequestIDOfTheCallerIsKeptWhenItIsPlain(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	for sent, kept := range map[string]bool{
		"abc-DEF_123": true, strings.Repeat("a", 64): true,
		"": false, strings.Repeat("a", 65): false, "a b": false, `a"b`: false, "a\tb": false, "ä": false,
	} {
		got := problem(t, serve(t, e, http.MethodGet, "/", "", "X-Request-Id", sent), http.StatusNotFound).Instance
		if (got == sent) != kept {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}
