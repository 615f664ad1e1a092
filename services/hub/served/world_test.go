package served_test

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

// world is an installation: a database, a Redis, the programs and the one origin in front of them.
type world struct {
	t   *testing.T
	dir string
	url string // the origin, http://127.0.0.1:port

	postgres string            // URL with a password in it, which no log may show
	server   *pgtest.Server    // nil: the database is on the server that all tests share
	redis    *redistest.Server // of this world alone
	env      []string          // of every program, after the usual

	registry, telemetry, media *service

	mu      sync.Mutex
	secrets []string
	started []*service
}

const (
	enrolmentKey     = "the-key-of-the-house-1"
	postgresPassword = "postgres-password-1"
)

// lab describes a world by what is not usual about it.
type lab struct {
	enrolment   string // open when empty
	ownPostgres bool
	env         []string
}

// newWorld starts everything and waits until all of it is ready.
func newWorld(t *testing.T, l lab) *world {
	t.Helper()
	w := newStores(t, l)
	for _, name := range names {
		w.run(name, "migrate")
	}
	w.registry, w.telemetry, w.media = w.service("registry"), w.service("telemetry"), w.service("media")
	for _, s := range []*service{w.registry, w.telemetry, w.media} {
		s.start()
	}
	for _, s := range []*service{w.registry, w.telemetry, w.media} {
		s.awaitReady("ready")
	}
	w.url = "http://" + w.serveOrigin()
	return w
}

// newStores makes a world in which no program runs and no schema exists.
func newStores(t *testing.T, l lab) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), redis: redistest.StartServer(t), env: l.env}
	var url string
	if l.ownPostgres {
		w.server = pgtest.StartServer(t)
		url = w.server.Config("public").URL
	} else {
		url = pgtest.New(t, "public").URL
	}
	w.postgres = strings.Replace(url, "@", ":"+postgresPassword+"@", 1)
	w.secret(postgresPassword)
	w.secret(password)
	enrolment := "open"
	if l.enrolment != "" {
		enrolment = l.enrolment
	}
	w.env = append([]string{"REGISTRY_ENROLMENT=" + enrolment}, w.env...)
	if enrolment == "key" {
		w.env = append(w.env, "REGISTRY_ENROLMENT_KEY="+enrolmentKey)
		w.secret(enrolmentKey)
	}
	w.run("registry", "keygen", "--private", w.privateKey(), "--public", w.publicKey())
	t.Cleanup(w.logsHoldNoSecret)
	return w
}

func (w *world) privateKey() string { return filepath.Join(w.dir, "token.key") }
func (w *world) publicKey() string  { return filepath.Join(w.dir, "token.pub") }
func (w *world) pictures() string   { return filepath.Join(w.dir, "pictures") }

// secret remembers what no log may show.
func (w *world) secret(s string) {
	if s == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.secrets = append(w.secrets, s)
}

// logsHoldNoSecret reads all that the programs of this world wrote, at debug level, at the end of each test.
func (w *world) logsHoldNoSecret() {
	for _, s := range w.started {
		text := s.log()
		for _, secret := range w.secrets {
			if i := strings.Index(text, secret); i >= 0 {
				w.t.Errorf("%s wrote a secret: …%s…", s.name, text[max(0, i-200):min(len(text), i+20)])
				break
			}
		}
		if strings.Contains(text, "panic") {
			w.t.Errorf("%s panicked", s.name)
		}
	}
}

// routes are those of the reverse proxy of a cluster: the longest prefix decides.
var routes = []struct{ prefix, service string }{
	{"/api/audit/pictures", "media"},
	{"/api/heartbeat", "telemetry"},
	{"/api/presence", "telemetry"},
	{"/api/pictures", "media"},
	{"/api/storage", "media"},
	{"/api/events", "telemetry"},
	{"/api/images", "media"},
	{"/api/stream", "telemetry"},
	{"/", "registry"},
}

// freeAddress is a loopback address that nobody listens on at the moment.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serveOrigin routes by path to the programs, as Traefik does, and returns its address.
func (w *world) serveOrigin() string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	proxies := map[string]http.Handler{
		"registry": proxyTo(w.registry.listen), "telemetry": proxyTo(w.telemetry.listen), "media": proxyTo(w.media.listen),
	}
	server := &http.Server{Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		for _, route := range routes {
			if strings.HasPrefix(r.URL.Path, route.prefix) {
				proxies[route.service].ServeHTTP(rw, r)
				return
			}
		}
	})}
	done := make(chan struct{})
	go func() { _ = server.Serve(l); close(done) }()
	w.t.Cleanup(func() { _ = server.Close(); <-done })
	return l.Addr().String()
}
