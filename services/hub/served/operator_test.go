package served_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

const password = "correct horse battery" // of the operator

// operator is a person with a session, or a script with an API token.
type operator struct {
	t    *testing.T
	w    *world
	name string // header that carries the credential
	cred string
}

// login opens a session.
func (w *world) login() *operator {
	w.t.Helper()
	var in hubtest.Answer
	hubtest.Eventually(w.t, 30*time.Second, "login", func() bool { // after a restart of Postgres the first use of a connection is a 503
		in = hubtest.Do(w.t, http.MethodPost, w.url+"/api/login", map[string]any{"password": password})
		return in.Status != http.StatusServiceUnavailable
	})
	in.Want(w.t, http.StatusOK)
	cookie, err := http.ParseSetCookie(in.Header.Get("Set-Cookie"))
	if err != nil {
		w.t.Fatal(err)
	}
	w.secret(cookie.Value)
	return &operator{t: w.t, w: w, name: "Cookie", cred: cookie.Name + "=" + cookie.Value}
}

// script makes an API token.
func (o *operator) script() *operator {
	o.t.Helper()
	made := o.do(http.MethodPost, "/api/tokens", map[string]any{"name": "served"}).Want(o.t, http.StatusCreated)
	o.w.secret(made.Text("token"))
	return &operator{t: o.t, w: o.w, name: "Authorization", cred: "Bearer " + made.Text("token")}
}

func (o *operator) try(method, path string, body any) (hubtest.Answer, error) {
	return hubtest.Try(method, o.w.url+path, body, o.name, o.cred)
}

func (o *operator) do(method, path string, body any) hubtest.Answer {
	o.t.Helper()
	return hubtest.Do(o.t, method, o.w.url+path, body, o.name, o.cred)
}

// pages are one page of each service; the credential must work at all of them.
var pages = map[string]string{"registry": "/api/devices", "telemetry": "/api/presence", "media": "/api/storage"}

// all walks a list through its pages. filter is a query without cursor and limit.
func (o *operator) all(path, key, filter string) []map[string]any {
	o.t.Helper()
	var out []map[string]any
	for cursor := ""; ; {
		page := o.do(http.MethodGet, fmt.Sprintf("%s?limit=500&%s%s", path, filter, cursor), nil)
		page.Want(o.t, http.StatusOK)
		rows, ok := page.JSON[key].([]any)
		if !ok {
			o.t.Fatalf("no %s in %s", key, page.Body)
		}
		for _, row := range rows {
			out = append(out, row.(map[string]any))
		}
		next, ok := page.JSON["next_cursor"].(string)
		if !ok {
			return out
		}
		cursor = "&cursor=" + url.QueryEscape(next)
	}
}
