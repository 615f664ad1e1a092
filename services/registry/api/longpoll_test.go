package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/redistest"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/postgres"
	"home.arpa/nestbox/services/registry/redis"
	"home.arpa/nestbox/services/registry/sqlite"
)

// promised is how soon a created command is with a device that waits.
const promised = 150 * time.Millisecond

// called is the time within which a waiting device was called: it looks by itself
// after 20 s.
const called = 10 * time.Second

// serve puts the world behind a real socket.
func (w *world) serve() string {
	w.t.Helper()
	s := httptest.NewServer(w.engine)
	w.t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	return s.URL
}

// reply is what a poll came back with, and when.
type reply struct {
	answer
	at  time.Time
	err error
}

// poll asks for commands over the socket, as a camera does.
func (w *world) poll(ctx context.Context, url, device, token string, wait int) <-chan reply {
	w.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("%s/api/devices/%s/commands?wait_s=%d", url, device, wait), http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	got := make(chan reply, 1)
	go func() {
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			got <- reply{err: err}
			return
		}
		defer res.Body.Close()
		body := make([]byte, 8192)
		n, _ := res.Body.Read(body)
		got <- reply{answer{res.StatusCode, res.Header, body[:n]}, time.Now(), nil}
	}()
	return got
}

// countingNotifier tells when a device waits: a test must not create the command
// before.
type countingNotifier struct {
	registry.Notifier
	listening chan string
}

func newCounting(n registry.Notifier) *countingNotifier {
	return &countingNotifier{n, make(chan string, 100)}
}

func (c *countingNotifier) Listen(id string) (<-chan struct{}, func()) {
	woken, stop := c.Notifier.Listen(id)
	c.listening <- id
	return woken, stop
}

func counting(into **countingNotifier) option {
	return func(o *registry.Options) {
		*into = newCounting(o.Notifier)
		o.Notifier = *into
	}
}

func (r reply) commands(t *testing.T) []any {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.status != http.StatusOK {
		t.Fatalf("poll: %d %s", r.status, r.body)
	}
	return r.json(t)["commands"].([]any)
}

func TestCommandReachesAWaitingDevice(t *testing.T) {
	t.Parallel()
	var n *countingNotifier
	w := setup(t, counting(&n))
	token, url := w.enrol(front), w.serve()
	quickest(t, "SQLite and memory", func() time.Duration {
		got := w.poll(t.Context(), url, front, token, 20)
		<-n.listening
		start := time.Now()
		id := w.order(front, "identify")
		r := <-got
		took := r.at.Sub(start)
		if cmds := r.commands(t); len(cmds) != 1 || cmds[0].(map[string]any)["command_id"] != id {
			t.Fatalf("got %v", cmds)
		}
		w.want(http.StatusOK, "POST", "/api/devices/"+front+"/commands/"+id+"/result", token, map[string]any{"status": "succeeded"})
		return took
	})
}

// quickest wants every command soon enough to have been called for, and the quickest
// as promised: a busy machine delays some, and is given more of them.
func quickest(t *testing.T, what string, deliver func() time.Duration) {
	t.Helper()
	best := time.Hour
	for n, end := 0, time.Now().Add(30*time.Second); n < 5 || best > promised && time.Now().Before(end); n++ {
		took := deliver()
		t.Logf("%s: %v", what, took)
		if took > called {
			t.Errorf("the command took %v", took)
		}
		best = min(best, took)
	}
	if best > promised {
		t.Errorf("the quickest command took %v", best)
	}
}

// TestCommandReachesAnotherProcess creates commands in one process for a device
// that waits at another, through Postgres and Redis; then Redis goes away.
func TestCommandReachesAnotherProcess(t *testing.T) {
	t.Parallel()
	cfg := pgtest.New(t, postgres.Schema)
	if _, err := migrate.Postgres(t.Context(), pgtest.Connect(t, cfg), postgres.Migrations); err != nil {
		t.Fatal(err)
	}
	server := redistest.StartServer(t)
	process := func() (*world, *countingNotifier, *redis.Waiters) {
		waiters := redis.NewWaiters(server.Client())
		background(t, waiters.Run)
		pgtest.Within(t, 30*time.Second, "subscribed", waiters.Reachable)
		n := newCounting(waiters)
		return setupOn(t, postgres.NewStore(pgtest.Connect(t, cfg)), func(o *registry.Options) { o.Notifier = n }), n, waiters
	}
	here, _, _ := process()
	there, waiting, thereWaiters := process()
	token, url := here.enrol(front), there.serve()
	finish := func(id string) {
		t.Helper()
		there.want(http.StatusOK, "POST", "/api/devices/"+front+"/commands/"+id+"/result", token, map[string]any{"status": "succeeded"})
	}
	quickest(t, "Postgres and Redis", func() time.Duration {
		got := there.poll(t.Context(), url, front, token, 20)
		<-waiting.listening
		start := time.Now()
		id := here.order(front, "identify")
		r := <-got
		if cmds := r.commands(t); len(cmds) != 1 || cmds[0].(map[string]any)["command_id"] != id {
			t.Fatalf("got %v", cmds)
		}
		took := r.at.Sub(start)
		finish(id)
		return took
	})

	// Without Redis the waiting process looks into the database by itself.
	got := there.poll(t.Context(), url, front, token, 20)
	<-waiting.listening
	server.Kill()
	pgtest.Within(t, 15*time.Second, "outage noticed", func() bool { return !thereWaiters.Reachable() })
	start := time.Now()
	id := here.order(front, "identify")
	r := <-got
	if cmds := r.commands(t); len(cmds) != 1 {
		t.Fatalf("got %v", cmds)
	}
	took := r.at.Sub(start)
	if took > called {
		t.Errorf("without Redis the command took %v", took)
	}
	t.Logf("Postgres alone: %v", took)
	finish(id)
}

// background runs f until the test ends.
func background(t testing.TB, f func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("background: %v", err)
		}
	})
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	t.Run("after the time asked for", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		start := time.Now()
		w.want(http.StatusNoContent, "GET", "/api/devices/"+front+"/commands?wait_s=1", w.enrol(front), nil)
		if took := time.Since(start); took < time.Second || took > called {
			t.Errorf("waited %v", took)
		}
	})
	t.Run("when the device is revoked", func(t *testing.T) {
		t.Parallel()
		var n *countingNotifier
		w := setup(t, counting(&n))
		got := w.poll(t.Context(), w.serve(), front, w.enrol(front), 20)
		<-n.listening
		start := time.Now()
		w.want(http.StatusOK, "POST", "/api/devices/"+front+"/revoke", w.token, nil)
		if r := <-got; r.status != http.StatusUnauthorized || r.at.Sub(start) > called {
			t.Errorf("%d %s after %v (%v)", r.status, r.body, r.at.Sub(start), r.err)
		}
	})
	t.Run("when the device asks again", func(t *testing.T) {
		t.Parallel()
		var n *countingNotifier
		w := setup(t, counting(&n))
		token, url := w.enrol(front), w.serve()
		first := w.poll(t.Context(), url, front, token, 20)
		<-n.listening
		second := w.poll(t.Context(), url, front, token, 20)
		if r := <-first; r.status != http.StatusNoContent {
			t.Errorf("the first poll: %d %s (%v)", r.status, r.body, r.err)
		}
		<-n.listening
		id := w.order(front, "identify")
		r := <-second
		if cmds := r.commands(t); len(cmds) != 1 || cmds[0].(map[string]any)["command_id"] != id {
			t.Errorf("the second poll got %v", cmds)
		}
	})
	t.Run("when the server stops", func(t *testing.T) {
		t.Parallel()
		var n *countingNotifier
		w := setup(t, counting(&n))
		token := w.enrol(front)
		draining := make(chan struct{})
		r := newRequest(t, "GET", "/api/devices/"+front+"/commands?wait_s=30", token, nil)
		r = r.WithContext(httpx.WithDraining(r.Context(), draining))
		rec, done := httptest.NewRecorder(), make(chan struct{})
		go func() {
			w.engine.ServeHTTP(rec, r)
			close(done)
		}()
		<-n.listening
		close(draining)
		<-done
		if rec.Code != http.StatusNoContent {
			t.Errorf("%d %s", rec.Code, rec.Body)
		}
	})
	t.Run("when the camera hangs up", func(t *testing.T) {
		t.Parallel()
		var n *countingNotifier
		w := setup(t, counting(&n))
		token, url := w.enrol(front), w.serve()
		ctx, hangUp := context.WithCancel(t.Context())
		got := w.poll(ctx, url, front, token, 30)
		<-n.listening
		hangUp()
		<-got
		// The command is not given to the dead connection: the next poll has it.
		id := w.order(front, "identify")
		for range 2 {
			a := w.do("GET", "/api/devices/"+front+"/commands", token, nil)
			if a.status == http.StatusOK {
				if c := a.json(t)["commands"].([]any)[0].(map[string]any); c["command_id"] != id {
					t.Errorf("got %v", c)
				}
				return
			}
			w.clock.advance(5 * time.Second) // it was; it comes again
		}
		t.Error("the command was lost")
	})
}

func TestRedelivery(t *testing.T) {
	t.Parallel()
	w := setup(t)
	token := w.enrol(front)
	id := w.order(front, "identify")
	poll := func(want int) map[string]any {
		t.Helper()
		a := w.want(want, "GET", "/api/devices/"+front+"/commands", token, nil)
		if want != http.StatusOK {
			return nil
		}
		return a.json(t)["commands"].([]any)[0].(map[string]any)
	}
	first := w.clock.now()
	poll(http.StatusOK)
	w.clock.advance(4900 * time.Millisecond)
	poll(http.StatusNoContent)
	w.clock.advance(200 * time.Millisecond)
	if again := poll(http.StatusOK); again["command_id"] != id {
		t.Errorf("got %v", again)
	}
	shown := w.want(http.StatusOK, "GET", "/api/commands/"+id, w.token, nil).json(t)
	if shown["state"] != "delivered" || shown["delivered_at"] != first.UTC().Format("2006-01-02T15:04:05.000Z") {
		t.Errorf("shown as %v", shown)
	}
	w.clock.advance(10 * time.Minute)
	poll(http.StatusNoContent)
	if shown = w.want(http.StatusOK, "GET", "/api/commands/"+id, w.token, nil).json(t); shown["state"] != "expired" {
		t.Errorf("past its deadline it is %v, before any sweep", shown["state"])
	}
	w.want(http.StatusConflict, "POST", "/api/devices/"+front+"/commands/"+id+"/result", token, map[string]any{"status": "succeeded"})
	w.want(http.StatusConflict, "DELETE", "/api/commands/"+id, w.token, nil)
}

// TestCommandsSurviveRestarts closes the database between all steps.
func TestCommandsSurviveRestarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "registry.db")
	start := func() (*world, func()) {
		db, err := platform.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
			t.Fatal(err)
		}
		return setupOn(t, sqlite.NewStore(db)), func() { _ = db.Close() }
	}
	w, stop := start()
	token, id := w.enrol(front), w.order(front, "identify")
	stop()

	w, stop = start()
	a := w.want(http.StatusOK, "GET", "/api/devices/"+front+"/commands", token, nil).json(t)
	if c := a["commands"].([]any)[0].(map[string]any); c["command_id"] != id {
		t.Errorf("after a restart: %v", c)
	}
	stop()

	w, stop = start()
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/commands/"+id+"/result", token, map[string]any{"status": "failed", "detail": "no light"})
	stop()

	w, stop = start()
	defer stop()
	if c := w.want(http.StatusOK, "GET", "/api/commands/"+id, w.token, nil).json(t); c["state"] != "failed" || c["detail"] != "no light" {
		t.Errorf("after all: %v", c)
	}
	w.want(http.StatusOK, "POST", "/api/devices/"+front+"/commands/"+id+"/result", token, map[string]any{"status": "failed"})
	w.want(http.StatusConflict, "POST", "/api/devices/"+front+"/commands/"+id+"/result", token, map[string]any{"status": "succeeded"})
}
