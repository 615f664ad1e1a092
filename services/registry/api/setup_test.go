package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/registry"
	"home.arpa/nestbox/services/registry/api"
	"home.arpa/nestbox/services/registry/memory"
	"home.arpa/nestbox/services/registry/sqlite"
)

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")))
}

const (
	front = "24:6F:28:AA:BB:01"
	back  = "24:6F:28:AA:BB:02"

	adminPassword = "correct horse battery"
)

// secretOf is the device_secret that the tests' cameras keep.
func secretOf(device string) string { return "0123456789abcdef-0123456789abcdef-" + device }

// world is one registry: real database, real handlers, a clock of its own.
type world struct {
	t         testing.TB
	engine    *gin.Engine
	store     registry.Store
	service   *registry.Service
	published *memory.Published
	signer    *auth.Signer
	clock     *clock
	passwords *passwords
	token     string // of an operator
}

// option changes what world is made of.
type option func(*registry.Options)

func mode(m registry.Mode, key string) option {
	return func(o *registry.Options) { o.Enrolment = registry.Policy{Mode: m, Key: key} }
}

// seed makes the signing key the same in every world, so that two of them are
// two processes of one installation.
var seed = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))

func setup(t testing.TB, opts ...option) *world {
	t.Helper()
	db, err := platform.Open(context.WithoutCancel(t.Context()), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if _, err := migrate.SQLite(t.Context(), db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	return setupOn(t, sqlite.NewStore(db), opts...)
}

func setupOn(t testing.TB, store registry.Store, opts ...option) *world {
	t.Helper()
	w := &world{t: t, store: store, clock: newClock(), signer: auth.NewSigner(seed), passwords: &passwords{}}
	w.published = memory.NewPublished(w.clock.now)
	limiter := func(r registry.Rate) *ratelimit.Memory { return ratelimit.NewMemory(r.PerSecond, r.Burst, w.clock.now) }
	o := registry.Options{
		Store: store, Publisher: w.published, Notifier: memory.NewWaiters(), Passwords: w.passwords, Signer: w.signer,
		Limits: registry.Limits{
			Enrolment: limiter(registry.RateEnrolment), Login: limiter(registry.RateLogin), LoginTotal: limiter(registry.RateLoginTotal),
		},
		Enrolment: registry.Policy{Mode: registry.ModeApprove}, Now: w.clock.now,
	}
	for _, opt := range opts {
		opt(&o)
	}
	var err error
	if w.service, err = registry.NewService(o); err != nil {
		t.Fatal(err)
	}
	w.engine = httpx.NewEngine(httpx.Options{Service: "registry"})
	api.Mount(w.engine, api.Config{
		Service:  w.service,
		Verifier: auth.NewVerifier([]ed25519.PublicKey{seed.Public().(ed25519.PublicKey)}, w.clock.now),
	})
	if _, err := w.service.EnsureAdmin(t.Context(), adminPassword); err != nil {
		t.Fatal(err)
	}
	_, w.token, err = w.service.CreateToken(t.Context(), auth.Principal{Name: "nestbox"}, registry.TokenOrder{Name: "tests"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

type clock struct{ ms atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	// The real date, because tokens' expiry is checked by Redis's clock too; but
	// standing still.
	c.ms.Store(time.Now().UnixMilli())
	return c
}

func (c *clock) now() time.Time          { return time.UnixMilli(c.ms.Load()) }
func (c *clock) advance(d time.Duration) { c.ms.Add(d.Milliseconds()) }

// passwords hashes at once and counts, so that tests do not wait for argon2id.
type passwords struct{ verified atomic.Int64 }

func (*passwords) Hash(_ context.Context, password string) (string, error) {
	return "#" + password, nil
}

func (p *passwords) Verify(_ context.Context, password, hash string) (bool, error) {
	p.verified.Add(1)
	return hash == "#"+password, nil
}

// in is the same world for a subtest that shares it.
func (w *world) in(t testing.TB) *world {
	c := *w
	c.t = t
	return &c
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) json(t testing.TB) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(a.body, &m); err != nil {
		t.Fatalf("body %q is no JSON object: %v", a.body, err)
	}
	return m
}

// do sends a request; body is JSON text, a value to encode, or nil.
func (w *world) do(method, path, token string, body any) answer {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.engine.ServeHTTP(rec, newRequest(w.t, method, path, token, body))
	return answer{rec.Code, rec.Header(), rec.Body.Bytes()}
}

// want is do that must have the status.
func (w *world) want(status int, method, path, token string, body any) answer {
	w.t.Helper()
	a := w.do(method, path, token, body)
	if a.status != status {
		w.t.Fatalf("%s %s: %d %s, want %d", method, path, a.status, a.body, status)
	}
	return a
}

func newRequest(t testing.TB, method, path, token string, body any) *http.Request {
	t.Helper()
	var text []byte
	switch b := body.(type) {
	case nil:
	case string:
		text = []byte(b)
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			t.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, bytes.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// registration is the body of a camera that has a secret.
func registrationOf(device, secret string) map[string]any {
	return map[string]any{
		"device_id": device, "device_type": "esp32cam", "firmware_version": "1.0.0", "ip_address": "192.168.1.50",
		"capabilities": []string{"camera", "motion_detection"}, "device_secret": secret,
	}
}

// storyRegistration is what the story's client sends.
func storyRegistration(device string) map[string]any {
	r := registrationOf(device, "")
	delete(r, "device_secret")
	return r
}

// enrol brings a camera in and returns its token.
func (w *world) enrol(device string) string {
	w.t.Helper()
	if a := w.do("POST", "/api/devices/register", "", registrationOf(device, secretOf(device))); a.status == http.StatusAccepted {
		w.want(http.StatusOK, "POST", "/api/devices/"+device+"/approve", w.token, nil)
	}
	a := w.want(http.StatusOK, "POST", "/api/devices/register", "", registrationOf(device, secretOf(device)))
	return fmt.Sprint(a.json(w.t)["token"])
}

// order creates a command and returns its id.
func (w *world) order(device, kind string) string {
	w.t.Helper()
	a := w.want(http.StatusCreated, "POST", "/api/commands", w.token, map[string]any{"device_id": device, "kind": kind})
	return fmt.Sprint(a.json(w.t)["command_id"])
}

// putDevice replaces a device as if years had passed.
func (w *world) putDevice(d registry.Device) {
	w.t.Helper()
	err := w.store.Update(w.t.Context(), d.ID, func(registry.Standing) (registry.Change, error) {
		return registry.Change{Device: &d}, nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
