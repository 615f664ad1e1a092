package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/program/programtest"
	"home.arpa/nestbox/services/internal/platform/redistest"
	"home.arpa/nestbox/services/telemetry/postgres"
)

const camera = "AA:BB:CC:DD:EE:FF"

// service is the program at work on servers of its own.
type service struct {
	t        *testing.T
	postgres *pgtest.Server
	redis    *redistest.Server
	api, ops string
	env      map[string]string
	signer   *auth.Signer
	operator string
	log      *programtest.Output
	stop     func()
	booted   time.Time // the camera
}

func newService(t *testing.T) *service {
	t.Helper()
	dir := t.TempDir()
	key, err := auth.LoadOrCreateKey(filepath.Join(dir, "token.key"))
	if err != nil {
		t.Fatal(err)
	}
	public := filepath.Join(dir, "token.pub")
	if err := os.WriteFile(public, auth.PublicPEM(key), 0o600); err != nil {
		t.Fatal(err)
	}
	s := &service{t: t, postgres: pgtest.StartServer(t), redis: redistest.StartServer(t), signer: auth.NewSigner(key), operator: auth.NewCredential(), booted: time.Now()}
	s.env = map[string]string{
		"TELEMETRY_PG_URL": s.postgres.Config(postgres.Schema).URL, "TELEMETRY_REDIS_URL": s.redis.URL(),
		"TELEMETRY_TOKEN_PUBLIC_KEY_FILE": public, "TELEMETRY_LISTEN": "127.0.0.1:0", "TELEMETRY_OPS_LISTEN": "127.0.0.1:0",
	}
	return s
}

// publish makes the registry's part of Redis.
func (s *service) publish() {
	s.t.Helper()
	client := s.redis.Client()
	err := client.Set(s.t.Context(), "nestbox:operator:"+auth.HashCredential(s.operator), `{"name":"admin","credential_id":"c","kind":"token"}`, 0).Err()
	if err == nil {
		err = client.HSet(s.t.Context(), "nestbox:device:"+camera, "epoch", 1, "status", "approved", "privacy_locked", 1, "privacy_generation", 4).Err()
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// start serves until stop is called or the test ends.
func (s *service) start() {
	s.t.Helper()
	at := programtest.New(newProgram).Serve(s.t, s.env)
	s.api, s.ops, s.log, s.stop = at.API, at.Ops, at.Log, at.Stop
}

type answer struct {
	status int
	header http.Header
	body   string
	took   time.Duration
}

func (s *service) do(method, url, credential, body string) answer {
	s.t.Helper()
	began := time.Now()
	req, err := http.NewRequestWithContext(s.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+credential)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, string(raw), time.Since(began)}
}

func (s *service) token() string {
	s.t.Helper()
	token, err := s.signer.Sign(auth.Claims{Subject: camera, Epoch: 1, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		s.t.Fatal(err)
	}
	return token
}

func (s *service) beat() answer {
	s.t.Helper()
	return s.do(http.MethodPost, s.api+"/api/heartbeat", s.token(),
		fmt.Sprintf(`{"uptime":%d,"free_heap":1,"rssi":-60,"camera_enabled":true,"boot_id":"b"}`, int(time.Since(s.booted).Seconds())))
}

// motion reports an event that happened n times 10 s after yesterday's noon.
func (s *service) motion(n int) answer {
	s.t.Helper()
	at := time.Now().Add(-24 * time.Hour).Truncate(time.Hour).Add(time.Duration(n) * 10 * time.Second)
	return s.do(http.MethodPost, s.api+"/api/events/motion", s.token(), fmt.Sprintf(`{"timestamp":%d,"motion_score":1,"event_id":"e-%d"}`, at.Unix(), n))
}

func (s *service) want(a answer, status int) answer {
	s.t.Helper()
	if a.status != status {
		s.t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

// metric returns the value of a line of /metrics, or "" when there is none.
func (s *service) metric(pattern string) string {
	s.t.Helper()
	m := regexp.MustCompile(`(?m)^` + pattern + ` (\S+)$`).FindStringSubmatch(s.do(http.MethodGet, s.ops+"/metrics", "", "").body)
	if m == nil {
		return ""
	}
	return m[1]
}

func (s *service) eventually(what string, cond func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); !cond(); <-tick.C {
		if time.Now().After(deadline) {
			s.t.Fatalf("does not come: %s\n%s", what, s.log)
		}
	}
}

func (s *service) readyz(status, dependency string) func() bool {
	return func() bool {
		a := s.do(http.MethodGet, s.ops+"/readyz", "", "")
		return a.status == http.StatusOK && strings.Contains(a.body, `"status":"`+status+`"`) &&
			(dependency == "" || strings.Contains(a.body, `"`+dependency+`":{"status":"down","critical":false,"detail"`))
	}
}

// The tests that serve are not parallel: what a process tells about itself is
// set up once in it.

func TestServe(t *testing.T) { //nolint:paralleltest // see above
	s := newService(t)
	if code, _, stderr := command(t, s.env, "serve"); code != 1 || !strings.Contains(stderr, "telemetry migrate") {
		t.Fatalf("serve without tables: %d %s", code, stderr)
	}
	for range 2 {
		if code, stdout, stderr := command(t, s.env, "migrate"); code != 0 {
			t.Fatalf("migrate: %s %s", stdout, stderr)
		}
	}
	s.publish()
	s.start()
	s.eventually("ready", s.readyz("ready", ""))
	if a := s.want(s.beat(), http.StatusOK); !strings.Contains(a.body, `"privacy":{"locked":true,"generation":4}`) {
		t.Errorf("heartbeat: %s", a.body)
	}
	s.want(s.motion(0), http.StatusOK)
	s.eventually("the camera is online", func() bool {
		return strings.Contains(s.do(http.MethodGet, s.api+"/api/presence", s.operator, "").body, `"state":"online"`)
	})
	if n := s.metric(`nestbox_telemetry_heartbeats_total\{[^}]*result="accepted"[^}]*\}`); n != "1" {
		t.Errorf("%s heartbeats in the metrics", n)
	}

	// Everything is there after a restart, and nothing happened by it.
	s.stop()
	s.start()
	for path, want := range map[string]string{"/api/events?kind=motion": "e-0", "/api/presence/" + camera: `"state":"online"`} {
		if a := s.do(http.MethodGet, s.api+path, s.operator, ""); !strings.Contains(a.body, want) {
			t.Errorf("%s after a restart: %d %s", path, a.status, a.body)
		}
	}
	if a := s.do(http.MethodGet, s.api+"/api/events?kind=presence", s.operator, ""); strings.Count(a.body, `"kind"`) != 1 {
		t.Errorf("presence events after a restart: %s", a.body)
	}
	if log := s.log.String(); strings.Contains(log, s.token()) || strings.Contains(log, s.operator) || strings.Contains(log, camera) {
		t.Errorf("the log has a credential or a device:\n%s", log)
	}
}

func TestOutages(t *testing.T) { //nolint:paralleltest // see above
	s := newService(t)
	if code, _, stderr := command(t, s.env, "migrate"); code != 0 {
		t.Fatal(stderr)
	}
	s.publish()
	s.start()
	s.want(s.beat(), http.StatusOK)
	s.want(s.motion(0), http.StatusOK)

	s.redis.Kill()
	for n := 1; n <= 20; n++ {
		for _, a := range []answer{s.beat(), s.motion(n)} {
			if s.want(a, http.StatusOK); a.took > 2*time.Second {
				t.Errorf("without Redis an answer took %v", a.took)
			}
		}
	}
	s.eventually("degraded", s.readyz("degraded", "redis"))
	if s.metric(`nestbox_telemetry_degraded`) != "1" {
		t.Error("the metrics do not say that it is degraded")
	}
	s.redis.Start()
	s.publish()
	s.eventually("ready again", s.readyz("ready", ""))
	s.eventually("Redis is used again", func() bool { return s.metric(`nestbox_telemetry_degraded`) == "0" })

	for name, outage := range map[string]struct{ begin, end func() }{
		"killed": {s.postgres.Kill, s.postgres.Start}, "frozen": {s.postgres.Freeze, s.postgres.Thaw},
	} {
		outage.begin()
		for range 3 {
			a := s.want(s.motion(100), http.StatusServiceUnavailable)
			if a.took > 2*time.Second || a.header.Get("Retry-After") == "" {
				t.Errorf("%s: motion was refused after %v, Retry-After %q", name, a.took, a.header.Get("Retry-After"))
			}
			if a := s.want(s.beat(), http.StatusOK); a.took > time.Second {
				t.Errorf("%s: a heartbeat took %v", name, a.took)
			}
		}
		s.eventually(name+": degraded", s.readyz("degraded", "postgres"))
		outage.end()
		s.eventually(name+": motion is taken again", func() bool { return s.motion(101).status == http.StatusOK })
	}
	events := s.want(s.do(http.MethodGet, s.api+"/api/events?limit=500", s.operator, ""), http.StatusOK).body
	for n := range 21 {
		if strings.Count(events, fmt.Sprintf(`"event_id":"e-%d"`, n)) != 1 {
			t.Errorf("event %d, which was answered 200, is not there once", n)
		}
	}
	if strings.Contains(events, "offline") {
		t.Errorf("a camera that beats was called offline: %s", events)
	}
}

// A service starts while its database is away, and finds its tables later.
func TestServeBeforeTheDatabase(t *testing.T) { //nolint:paralleltest // see above
	s := newService(t)
	if code, _, stderr := command(t, s.env, "migrate"); code != 0 {
		t.Fatal(stderr)
	}
	s.postgres.Stop()
	s.start()
	s.want(s.beat(), http.StatusOK)
	s.want(s.motion(0), http.StatusServiceUnavailable)
	s.postgres.Start()
	s.eventually("motion is taken", func() bool { return s.motion(0).status == http.StatusOK })
}
