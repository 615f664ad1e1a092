package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"home.arpa/nestbox/services/hub/hubtest"
)

// operator is a script with an API token.
type operator struct {
	t     *testing.T
	url   string
	token string
}

// operator logs in with the password and makes a token.
func (h *hub) operator() *operator {
	h.t.Helper()
	return h.login(password)
}

func (h *hub) login(password string) *operator {
	h.t.Helper()
	in := hubtest.Do(h.t, http.MethodPost, h.url+"/api/login", map[string]any{"password": password}).Want(h.t, http.StatusOK)
	cookie, err := http.ParseSetCookie(in.Header.Get("Set-Cookie"))
	if err != nil {
		h.t.Fatal(err)
	}
	made := hubtest.Do(h.t, http.MethodPost, h.url+"/api/tokens", map[string]any{"name": "e2e"}, "Cookie", cookie.Name+"="+cookie.Value)
	secret, ok := made.Want(h.t, http.StatusCreated).JSON["token"].(string)
	if !ok {
		h.t.Fatalf("no token in %s", made.Body)
	}
	return &operator{t: h.t, url: h.url, token: secret}
}

func (o *operator) do(method, path string, body any) hubtest.Answer {
	o.t.Helper()
	return hubtest.Do(o.t, method, o.url+path, body, "Authorization", "Bearer "+o.token)
}

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
