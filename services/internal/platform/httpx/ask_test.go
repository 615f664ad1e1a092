package httpx

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAskReady(t *testing.T) {
	t.Parallel()
	lines := func(context.Context) error { return errors.New("first\nsecond") }
	draining := NewHealth(Check{"postgres", true, up})
	draining.Drain()
	for name, tc := range map[string]struct {
		ops  http.Handler
		want string // empty when ready
	}{
		"all up":         {OpsHandler(NewHealth(Check{"postgres", true, up}), nil), ""},
		"helper down":    {OpsHandler(NewHealth(Check{"redis", false, down}), nil), ""},
		"critical down":  {OpsHandler(NewHealth(Check{"postgres", true, down}, Check{"redis", false, down}, Check{"disk", true, lines}), nil), `unready; disk is down: "first\nsecond"; postgres is down: "Redis does not answer."`},
		"draining":       {OpsHandler(draining, nil), "draining"},
		"not a service":  {http.NotFoundHandler(), "it answers 404 Not Found"},
		"another's JSON": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }), "it answers 200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(tc.ops)
			defer server.Close()
			err := AskReady(t.Context(), server.Listener.Addr().String())
			if (err == nil) != (tc.want == "") || err != nil && !strings.HasSuffix(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
		})
	}
}

func TestAskReadyTakesAnAddressToListenOn(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(OpsHandler(NewHealth(), nil))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	for _, address := range []string{":" + port, "0.0.0.0:" + port, "localhost:" + port} {
		if err := AskReady(t.Context(), address); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	server.Close()
	if err := AskReady(t.Context(), ":"+port); err == nil || !strings.Contains(err.Error(), "connection refused") || strings.Contains(err.Error(), "\n") {
		t.Errorf("with nobody there: %v", err)
	}
}

func TestAskReadyDoesNotWaitForLong(t *testing.T) {
	t.Parallel()
	silent, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*askTimeout)
	defer cancel()
	if err := AskReady(ctx, silent.Addr().String()); !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
		t.Errorf("%v, asker's patience: %v", err, ctx.Err())
	}
}
