package api_test

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/ratelimit"
	platform "home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/telemetry"
	"home.arpa/nestbox/services/telemetry/api"
	"home.arpa/nestbox/services/telemetry/memory"
	"home.arpa/nestbox/services/telemetry/sqlite"
)

var update = flag.Bool("update", false, "write the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	front = "AA:BB:CC:DD:EE:01"
	back  = "AA:BB:CC:DD:EE:02"
)

// operator is the credential of the one who is logged in.
var operator = auth.NewCredential()

// noon is when the clock of every test begins.
var noon = time.Date(2026, time.March, 1, 12, 0, 0, 250e6, time.UTC)

// hub is the service as the embedded hub runs it: SQLite on a file, the rest in
// memory. Its clock stands still unless it is moved.
type hub struct {
	t         testing.TB
	ctx       context.Context
	engine    *gin.Engine
	signer    *auth.Signer
	states    *memory.States
	beats     *memory.Beats
	db        *platform.DB
	events    *sqlite.Store
	stream    *stream.Memory
	service   *telemetry.Service
	sweeper   *telemetry.Sweeper
	operators *operators

	mu  sync.Mutex
	now time.Time
}

// operators knows one credential until it is withdrawn.
type operators struct {
	mu        sync.Mutex
	withdrawn bool
}

func (o *operators) Lookup(_ context.Context, hash string) (auth.Principal, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if hash != auth.HashCredential(operator) || o.withdrawn {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "Log in first.")
	}
	return auth.Principal{Name: "admin", Kind: auth.KindToken}, nil
}

func (o *operators) withdraw() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.withdrawn = true
}

func newHub(t testing.TB, options ...func(*api.Config)) *hub {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &hub{t: t, ctx: t.Context(), now: noon, signer: auth.NewSigner(private), states: memory.NewStates(), stream: stream.NewMemory(1000), operators: &operators{}}
	if h.db, err = platform.Open(t.Context(), filepath.Join(t.TempDir(), "telemetry.db")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.db.Close() })
	if _, err := migrate.SQLite(t.Context(), h.db, sqlite.Migrations); err != nil {
		t.Fatal(err)
	}
	h.events = sqlite.NewStore(h.db)
	h.beats = memory.NewBeats(h.states, h.clock)
	log := slog.New(slog.DiscardHandler)
	publisher := api.NewPublisher(h.stream, log)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { _ = publisher.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })

	h.service = telemetry.NewService(telemetry.Options{
		Beats: h.beats, Events: h.events, Limiter: ratelimit.NewMemory(20, 300, h.clock), Publisher: publisher,
		Now: h.clock, Jitter: func() float64 { return 0.5 },
	})
	h.sweeper = telemetry.NewSweeper(telemetry.SweeperOptions{
		Beats: h.beats, Events: h.events, Lease: memory.Lease{}, Publisher: publisher, Logger: log, Now: h.clock,
	})
	cfg := api.Config{
		Service: h.service, Verifier: auth.NewVerifier([]ed25519.PublicKey{public}, h.clock),
		Operators: h.operators, Stream: h.stream,
	}
	for _, option := range options {
		option(&cfg)
	}
	h.engine = httpx.NewEngine(httpx.Options{Service: "telemetry"})
	api.Mount(h.engine, cfg)
	return h
}

func (h *hub) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// pass moves the clock.
func (h *hub) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

func (h *hub) sweep() {
	h.t.Helper()
	if err := h.sweeper.Sweep(h.ctx); err != nil {
		h.t.Fatal(err)
	}
}

// token is a good token of a device, of epoch 1.
func (h *hub) token(id string) string {
	h.t.Helper()
	return h.sign(auth.Claims{Subject: id, Epoch: 1, ExpiresAt: noon.Add(24 * time.Hour)})
}

func (h *hub) sign(claims auth.Claims) string {
	h.t.Helper()
	token, err := h.signer.Sign(claims)
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// post is a device's request.
func (h *hub) post(path, token, body string) *http.Request {
	req := httptest.NewRequestWithContext(h.ctx, http.MethodPost, path, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return req
}

// get is an operator's request.
func (h *hub) get(path string) *http.Request {
	req := httptest.NewRequestWithContext(h.ctx, http.MethodGet, path, http.NoBody)
	req.Header.Set("Authorization", "Bearer "+operator)
	return req
}

func (h *hub) do(req *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	h.engine.ServeHTTP(rec, req)
	return rec
}

// want fails unless the answer has this status.
func want(t testing.TB, rec *httptest.ResponseRecorder, status int) {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
}

// wantEvents fails unless so many events are stored.
func (h *hub) wantEvents(n int) {
	h.t.Helper()
	events, err := h.events.Events(h.ctx, telemetry.EventQuery{Limit: 1000})
	if err != nil {
		h.t.Fatal(err)
	}
	if len(events) != n {
		h.t.Fatalf("%d events are stored, want %d", len(events), n)
	}
}

// decode reads a JSON answer.
func decode[T any](t testing.TB, rec *httptest.ResponseRecorder) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
		t.Fatalf("%v: %s", err, rec.Body)
	}
	return v
}

// golden compares an answer with testdata/<name>.json, byte for byte but for
// the layout.
func golden(t *testing.T, name string, rec *httptest.ResponseRecorder) {
	t.Helper()
	path := filepath.Join("testdata", name+".json")
	got := indent(t, rec.Body.Bytes())
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wanted, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(wanted) {
		t.Errorf("%s:\n%s\nwant\n%s", name, got, wanted)
	}
}

func indent(t *testing.T, raw []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return append(out, '\n')
}

func storyHeartbeat(id string) string {
	return fmt.Sprintf(`{"device_id":%q,"uptime":3600,"free_heap":142336,"rssi":-61,"camera_enabled":true}`, id)
}

func storyMotion(id string, at time.Time) string {
	return fmt.Sprintf(`{"device_id":%q,"timestamp":%d,"motion_score":42,"camera_enabled":true}`, id, at.Unix())
}
