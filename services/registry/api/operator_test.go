package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/registry"
)

// login opens a session and returns its cookie.
func (w *world) login(password string) *http.Cookie {
	w.t.Helper()
	a := w.want(http.StatusOK, "POST", "/api/login", "", map[string]any{"password": password})
	cookies := (&http.Response{Header: a.header}).Cookies()
	if len(cookies) != 1 {
		w.t.Fatalf("cookies %v", cookies)
	}
	return cookies[0]
}

// as sends a request with a session's cookie.
func (w *world) as(cookie *http.Cookie, method, path string, body any, header ...string) answer {
	w.t.Helper()
	r := newRequest(w.t, method, path, "", body)
	r.AddCookie(cookie)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	rec := httptest.NewRecorder()
	w.engine.ServeHTTP(rec, r)
	return answer{rec.Code, rec.Header(), rec.Body.Bytes()}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	cookie := w.login(adminPassword)
	if cookie.Name != "nestbox_session" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Path != "/" {
		t.Errorf("cookie %+v", cookie)
	}
	if a := w.as(cookie, "GET", "/api/session", nil); a.status != http.StatusOK || a.json(t)["kind"] != "session" || a.json(t)["name"] != "admin" {
		t.Errorf("session: %d %s", a.status, a.body)
	}
	// A page of another site cannot use it, nor log somebody in.
	cross := []string{"Origin", "http://evil.example", "Sec-Fetch-Site", "cross-site"}
	if a := w.as(cookie, "POST", "/api/logout", nil, cross...); a.status != http.StatusForbidden {
		t.Errorf("from another site: %d", a.status)
	}
	if a := w.as(&http.Cookie{Name: "x", Value: "y"}, "POST", "/api/login", map[string]any{"password": adminPassword}, cross...); a.status != http.StatusForbidden {
		t.Errorf("login from another site: %d", a.status)
	}
	w.clock.advance(31 * 24 * time.Hour)
	if a := w.as(cookie, "GET", "/api/session", nil); a.status != http.StatusUnauthorized {
		t.Errorf("a month later: %d", a.status)
	}
}

func TestPasswordChangeEndsOtherSessions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	mine, other := w.login(adminPassword), w.login(adminPassword)
	a := w.as(mine, "PUT", "/api/session/password", map[string]any{"current": adminPassword, "new": "staple correct horse"})
	if a.status != http.StatusNoContent {
		t.Fatalf("change: %d %s", a.status, a.body)
	}
	for c, want := range map[*http.Cookie]int{mine: 200, other: 401} {
		if a := w.as(c, "GET", "/api/session", nil); a.status != want {
			t.Errorf("session: %d, want %d", a.status, want)
		}
	}
	if n := len(w.publishedOperators()); n != 2 { // mine and the tests' token
		t.Errorf("%d credentials are published", n)
	}
	w.want(http.StatusUnauthorized, "POST", "/api/login", "", map[string]any{"password": adminPassword})
	w.want(http.StatusForbidden, "PUT", "/api/session/password", w.token, map[string]any{"current": "staple correct horse", "new": "another password"})

	generated, err := w.service.ResetPassword(t.Context(), "")
	if err != nil || len(generated) != 23 {
		t.Fatalf("reset gave %q (%v)", generated, err)
	}
	if a := w.as(mine, "GET", "/api/session", nil); a.status != http.StatusUnauthorized {
		t.Errorf("after a reset: %d", a.status)
	}
	w.login(generated)
}

func (w *world) publishedOperators() []string {
	w.t.Helper()
	all, err := w.published.PublishedOperators(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func TestLoginLimits(t *testing.T) {
	t.Parallel()
	w := setup(t)
	guess := func(from string) answer {
		t.Helper()
		r := newRequest(t, "POST", "/api/login", "", map[string]any{"password": "a wrong guess"})
		r.RemoteAddr = from + ":1234"
		rec := httptest.NewRecorder()
		w.engine.ServeHTTP(rec, r)
		return answer{rec.Code, rec.Header(), rec.Body.Bytes()}
	}
	for range registry.RateLogin.Burst {
		if a := guess("10.0.0.1"); a.status != http.StatusUnauthorized {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	hashed := w.passwords.verified.Load()
	if a := guess("10.0.0.1"); a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" {
		t.Errorf("one more: %d, Retry-After %q", a.status, a.header.Get("Retry-After"))
	}
	if w.passwords.verified.Load() != hashed {
		t.Error("a refused attempt cost a hash")
	}
	// Others may still log in, until all of them together are too many.
	refused := false
	for i := 2; i < 60 && !refused; i++ {
		refused = guess(fmt.Sprintf("10.0.0.%d", i)).status == http.StatusTooManyRequests
	}
	if !refused {
		t.Error("60 addresses may guess without a limit")
	}
	w.clock.advance(10 * time.Minute)
	if a := guess("10.0.0.1"); a.status != http.StatusUnauthorized {
		t.Errorf("ten minutes later: %d", a.status)
	}
}

// TestUnknownNameIsNoNews compares all that a client can: status, text, and the
// number of slow hashes, which is what takes the time.
func TestUnknownNameIsNoNews(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var answers []string
	for _, name := range []string{"admin", "nobody"} {
		before := w.passwords.verified.Load()
		a := w.want(http.StatusUnauthorized, "POST", "/api/login", "", map[string]any{"username": name, "password": "a wrong guess"}).json(t)
		answers = append(answers, fmt.Sprint(a["detail"], w.passwords.verified.Load()-before))
	}
	if answers[0] != answers[1] {
		t.Errorf("the answers differ: %q", answers)
	}
}

func TestAPITokens(t *testing.T) {
	t.Parallel()
	w := setup(t)
	made := w.want(http.StatusCreated, "POST", "/api/tokens", w.token, map[string]any{"name": "backup", "expires_in_days": 7}).json(t)
	secret := fmt.Sprint(made["token"])
	a := w.want(http.StatusOK, "GET", "/api/tokens", w.token, nil)
	if strings.Contains(string(a.body), secret) {
		t.Error("the list shows the secret")
	}
	w.want(http.StatusOK, "GET", "/api/devices", secret, nil)
	w.want(http.StatusNoContent, "DELETE", "/api/tokens/"+fmt.Sprint(made["token_id"]), w.token, nil)
	w.want(http.StatusUnauthorized, "GET", "/api/devices", secret, nil)
	if n := len(w.publishedOperators()); n != 1 {
		t.Errorf("%d credentials are published", n)
	}
	week := fmt.Sprint(w.want(http.StatusCreated, "POST", "/api/tokens", w.token, map[string]any{"name": "week", "expires_in_days": 7}).json(t)["token"])
	w.clock.advance(7*24*time.Hour - time.Second)
	w.want(http.StatusOK, "GET", "/api/devices", week, nil)
	w.clock.advance(time.Second)
	w.want(http.StatusUnauthorized, "GET", "/api/devices", week, nil)
	w.want(http.StatusOK, "GET", "/api/devices", w.token, nil)
}

func TestFirstStart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if again, err := w.service.EnsureAdmin(t.Context(), "another password"); err != nil || again != "" {
		t.Errorf("a second start gave %q (%v)", again, err)
	}
	w.login(adminPassword)
}

// TestEveryActionIsRecorded does each thing that an operator can do and looks
// for exactly one entry of it, with who and what.
func TestEveryActionIsRecorded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	type m = map[string]any
	device := "/api/devices/" + front
	last := ""
	entries := func() (fresh []m) {
		t.Helper()
		all := w.want(http.StatusOK, "GET", "/api/audit?limit=500", w.token, nil).json(t)["entries"].([]any)
		for _, e := range all {
			if e := e.(m); fmt.Sprint(e["entry_id"]) > last {
				fresh = append(fresh, e)
			}
		}
		if len(fresh) > 0 {
			last = fmt.Sprint(fresh[0]["entry_id"])
		}
		return fresh
	}
	entries()
	var command, token string
	w.want(http.StatusAccepted, "POST", "/api/devices/register", "", registrationOf(front, secretOf(front)))
	for _, c := range []struct {
		action, subject string
		do              func() answer
	}{
		{"device.approve", front, func() answer { return w.do("POST", device+"/approve", w.token, nil) }},
		{"device.update", front, func() answer { return w.do("PATCH", device, w.token, m{"name": "Front door"}) }},
		{"", "", func() answer { return w.do("PATCH", device, w.token, m{"name": "Front door"}) }},
		{"", "", func() answer { return w.do("POST", device+"/approve", w.token, nil) }},
		{"privacy.set", front, func() answer { return w.do("PUT", device+"/privacy", w.token, m{"locked": true}) }},
		{"", "", func() answer { return w.do("PUT", device+"/privacy", w.token, m{"locked": true}) }},
		{"command.create", "*", func() answer {
			a := w.do("POST", "/api/commands", w.token, m{"device_id": front, "kind": "identify"})
			command = fmt.Sprint(a.json(t)["command_id"])
			return a
		}},
		{"command.cancel", "*", func() answer { return w.do("DELETE", "/api/commands/"+command, w.token, nil) }},
		{"", "", func() answer { return w.do("DELETE", "/api/commands/"+command, w.token, nil) }},
		{"device.revoke", front, func() answer { return w.do("POST", device+"/revoke", w.token, nil) }},
		{"device.delete", front, func() answer { return w.do("DELETE", device, w.token, nil) }},
		{"token.create", "*", func() answer {
			a := w.do("POST", "/api/tokens", w.token, m{"name": "t"})
			token = fmt.Sprint(a.json(t)["token_id"])
			return a
		}},
		{"token.delete", "*", func() answer { return w.do("DELETE", "/api/tokens/"+token, w.token, nil) }},
		{"", "", func() answer { return w.do("GET", "/api/devices", w.token, nil) }},
	} {
		if a := c.do(); a.status >= 300 {
			t.Fatalf("%s: %d %s", c.action, a.status, a.body)
		}
		got := entries()
		if c.action == "" {
			if len(got) != 0 {
				t.Errorf("nothing changed, and yet %v", got)
			}
			continue
		}
		if len(got) != 1 || got[0]["action"] != c.action || got[0]["actor"] != "tests" || c.subject != "*" && got[0]["subject"] != c.subject {
			t.Errorf("%s: recorded %v", c.action, got)
		}
	}

	cookie := w.login(adminPassword)
	w.as(cookie, "PUT", "/api/session/password", m{"current": adminPassword, "new": "staple correct horse"})
	w.as(cookie, "POST", "/api/logout", nil)
	var actions []string
	for _, e := range entries() {
		actions = append(actions, fmt.Sprint(e["action"], " by ", e["actor"]))
		if text := fmt.Sprint(e); strings.Contains(text, adminPassword) || strings.Contains(text, "staple") {
			t.Errorf("a password is in the record: %s", text)
		}
	}
	slices.Reverse(actions)
	if want := []string{"session.create by admin", "password.change by admin", "session.end by admin"}; !slices.Equal(actions, want) {
		t.Errorf("recorded %v\nwant %v", actions, want)
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.enrol(front)
	var want []string
	for range 7 {
		want = append(want, w.order(front, "identify"))
	}
	slices.Reverse(want)
	var got []string
	path := "/api/commands?limit=3"
	for pages := 0; path != ""; pages++ {
		a := w.want(http.StatusOK, "GET", path, w.token, nil).json(t)
		for _, c := range a["commands"].([]any) {
			got = append(got, fmt.Sprint(c.(map[string]any)["command_id"]))
		}
		w.order(front, "identify") // what is new does not shift the pages
		path = ""
		if next := a["next_cursor"]; next != nil {
			path = fmt.Sprintf("/api/commands?limit=3&cursor=%v", next)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("pages give %v\nwant %v", got, want)
	}
}
