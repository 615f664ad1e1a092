package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/program/programtest"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")))
}

// command runs the program with an environment of its own.
func command(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return programtest.New(newProgram).Run(t, env, args...)
}

func TestProblemsOfTheSettingsComeTogether(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"nothing set": {nil, []string{"MEDIA_PG_URL", "MEDIA_REDIS_URL", "MEDIA_TOKEN_PUBLIC_KEY_FILE", "MEDIA_FOLDER"}},
		"everything wrong": {map[string]string{
			"MEDIA_BLOB": "tape", "MEDIA_QUOTA": "lots-of-it", "MEDIA_MAX_AGE_DAYS": "-1", "MEDIA_MIN_FREE": "-5G", "MEDIA_MAX_PICTURE": "1T",
			"MEDIA_LISTEN": "nowhere", "MEDIA_TRUSTED_PROXIES": "traefik", "MEDIA_PG_MAX_CONNS": "1", "MEDIA_DRAIN_DELAY": "1h",
		}, []string{
			"MEDIA_BLOB", "MEDIA_QUOTA", "MEDIA_MAX_AGE_DAYS", "MEDIA_MIN_FREE", "MEDIA_MAX_PICTURE", "MEDIA_LISTEN",
			"MEDIA_TRUSTED_PROXIES", "MEDIA_PG_MAX_CONNS", "MEDIA_DRAIN_DELAY",
		}},
		"s3 without its settings": {map[string]string{"MEDIA_BLOB": "s3", "MEDIA_S3_ACCESS_KEY": "hush-hush"}, []string{
			"MEDIA_S3_ENDPOINT", "MEDIA_S3_BUCKET", "MEDIA_S3_SECRET_KEY",
		}},
		"s3 with keys in files": {map[string]string{
			"MEDIA_BLOB": "s3", "MEDIA_S3_ACCESS_KEY_FILE": "hush-hush", "MEDIA_S3_SECRET_KEY": "hush-hush", "MEDIA_S3_SECRET_KEY_FILE": "hush-hush",
		}, []string{"MEDIA_S3_ACCESS_KEY_FILE names a file that cannot be read", "MEDIA_S3_SECRET_KEY and MEDIA_S3_SECRET_KEY_FILE are both set"}},
		"s3 with a URL":             {map[string]string{"MEDIA_BLOB": "s3", "MEDIA_S3_ENDPOINT": "https://s3.example.com"}, []string{"MEDIA_S3_ENDPOINT must be a host"}},
		"a quota below one picture": {map[string]string{"MEDIA_QUOTA": "1M"}, []string{"MEDIA_QUOTA must have room"}},
	} {
		code, stdout, stderr := command(t, tc.env, "serve")
		if code != 1 || stdout != "" {
			t.Errorf("%s: exit code %d, %q", name, code, stdout)
		}
		for _, want := range tc.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: %s is not named in:\n%s", name, want, stderr)
			}
		}
		for _, value := range []string{"hush-hush", "lots-of-it"} {
			if strings.Contains(stderr, value) {
				t.Errorf("%s: a value is repeated:\n%s", name, stderr)
			}
		}
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]size{"0": 0, "1": 1, "10k": 10 << 10, "500M": 500 << 20, "20G": 20 << 30, "2t": 2 << 40} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "G", "-1", "1.5G", "1GG", "5 G", "1P", "9223372036854775807", "9999999999G", "0x10"} {
		var got size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: %d, want an error", text, got)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"serve", "--help"}, {"migrate", "--help"}, {"version"}} {
		if code, stdout, stderr := command(t, nil, args...); code != 0 || stdout == "" || stderr != "" {
			t.Errorf("%v: code %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := command(t, nil, "explode"); code != 1 || stderr == "" {
		t.Errorf("unknown subcommand: %d %q", code, stderr)
	}
}

// TestServe takes the program from an empty database over a picture and two outages to
// an orderly stop and a second start. It is one test, because telemetry is set up once
// in a process.
func TestServe(t *testing.T) { //nolint:paralleltest // see above
	postgres, redis := pgtest.StartServer(t), redistest.StartServer(t)
	dir := t.TempDir()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token.pub"), auth.PublicPEM(private), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"MEDIA_PG_URL": postgres.Config("media").URL, "MEDIA_REDIS_URL": redis.URL(), "MEDIA_FOLDER": filepath.Join(dir, "data"),
		"MEDIA_TOKEN_PUBLIC_KEY_FILE": filepath.Join(dir, "token.pub"), "MEDIA_LISTEN": "127.0.0.1:0", "MEDIA_OPS_LISTEN": "127.0.0.1:0",
	}
	if code, _, stderr := command(t, env, "serve"); code != 1 || !strings.Contains(stderr, "media migrate") {
		t.Fatalf("serve on no tables: %d %s", code, stderr)
	}
	for range 2 {
		if code, stdout, stderr := command(t, env, "migrate"); code != 0 {
			t.Fatalf("migrate: %s %s", stdout, stderr)
		}
	}
	c := &client{t: t, picture: photo(t), credential: auth.NewCredential()}
	if c.token, err = auth.NewSigner(private).Sign(auth.Claims{Subject: camera, Epoch: 1, ExpiresAt: time.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	publish := func() {
		t.Helper()
		r := redis.Client()
		if err := r.HSet(t.Context(), "nestbox:device:"+camera, "epoch", 1, "status", "approved", "privacy_locked", 0, "privacy_generation", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if err := r.Set(t.Context(), "nestbox:operator:"+auth.HashCredential(c.credential), `{"name":"ada","credential_id":"c1","kind":"token"}`, time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
	}
	publish()

	logged := serveOnce(t, env, func(api, ops string) {
		c.api = api
		id := c.upload(http.StatusOK)
		if got := c.operate("/api/pictures/"+id+"/image", http.StatusOK); !bytes.Equal(got, c.picture) {
			t.Error("another picture comes back")
		}
		c.ready(ops, "ready", http.StatusOK)
		if n, err := redis.Client().XLen(t.Context(), "nestbox:stream").Result(); err != nil || n != 1 {
			t.Errorf("%d messages on the stream, %v; want 1", n, err)
		}

		redis.Kill()
		c.upload(http.StatusServiceUnavailable)
		c.operate("/api/pictures", http.StatusServiceUnavailable)
		c.ready(ops, "degraded", http.StatusOK)
		redis.Start()
		publish()
		pgtest.Within(t, 30*time.Second, "redis is back", func() bool { return c.status("/api/pictures") == http.StatusOK })

		postgres.Kill()
		start := time.Now()
		c.upload(http.StatusServiceUnavailable)
		c.operate("/api/pictures", http.StatusServiceUnavailable)
		if took := time.Since(start); took > 4*time.Second {
			t.Errorf("two answers without a database took %v", took)
		}
		c.ready(ops, "unready", http.StatusServiceUnavailable)
		postgres.Start()
		pgtest.Within(t, 30*time.Second, "postgres is back", func() bool { return c.status("/api/pictures") == http.StatusOK })
		if again := c.upload(http.StatusOK); again != id {
			t.Errorf("the same picture is %s now, was %s", again, id)
		}
	})
	serveOnce(t, env, func(api, _ string) {
		c.api = api
		var list struct{ Pictures []any }
		if err := json.Unmarshal(c.operate("/api/pictures", http.StatusOK), &list); err != nil || len(list.Pictures) != 1 {
			t.Errorf("after a restart: %+v, %v", list, err)
		}
	})
	for _, secret := range []string{c.token, c.credential} {
		if strings.Contains(logged, secret) {
			t.Errorf("a credential is in the log:\n%s", logged)
		}
	}
}

const camera = "AA:BB:CC:DD:EE:01"

func photo(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 320, 240)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// client is a camera and an operator.
type client struct {
	t                      *testing.T
	api, token, credential string
	picture                []byte
}

func (c *client) do(method, url, bearer string, body io.Reader) (int, http.Header, []byte) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, url, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	if body != nil {
		r.Header.Set("Content-Type", "image/jpeg")
		r.Header.Set("X-Device-ID", camera)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, res.Header, b
}

// want fails unless the answer has the status, and a 503 says when to come back.
func (c *client) want(what string, got, want int, h http.Header, body []byte) {
	c.t.Helper()
	if got != want {
		c.t.Fatalf("%s: %d %s, want %d", what, got, body, want)
	}
	if got == http.StatusServiceUnavailable && h.Get("Retry-After") == "" {
		c.t.Errorf("%s: 503 without Retry-After", what)
	}
}

func (c *client) upload(want int) (id string) {
	c.t.Helper()
	status, h, body := c.do(http.MethodPost, c.api+"/api/images/upload", c.token, bytes.NewReader(c.picture))
	c.want("upload", status, want, h, body)
	var answer struct {
		ID string `json:"picture_id"`
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		c.t.Fatal(err)
	}
	return answer.ID
}

func (c *client) operate(path string, want int) []byte {
	c.t.Helper()
	status, h, body := c.do(http.MethodGet, c.api+path, c.credential, nil)
	c.want(path, status, want, h, body)
	return body
}

func (c *client) status(path string) int {
	status, _, _ := c.do(http.MethodGet, c.api+path, c.credential, nil)
	return status
}

// ready waits until /readyz says so: a probe's result is believed for a moment.
func (c *client) ready(ops, want string, status int) {
	c.t.Helper()
	pgtest.Within(c.t, 30*time.Second, fmt.Sprintf("readyz is %q", want), func() bool {
		got, _, body := c.do(http.MethodGet, ops+"/readyz", "", nil)
		return got == status && strings.Contains(string(body), `"status":"`+want+`"`)
	})
}

// serveOnce serves until use returns and gives what was logged.
func serveOnce(t *testing.T, env map[string]string, use func(api, ops string)) string {
	t.Helper()
	s := programtest.New(newProgram).Serve(t, env)
	use(s.API, s.Ops)
	s.Stop()
	return s.Log.String()
}
