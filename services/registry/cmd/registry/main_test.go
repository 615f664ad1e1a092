package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

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
	code, _, stderr := command(t, map[string]string{
		"REGISTRY_ENROLMENT": "key", "REGISTRY_ADMIN_PASSWORD": "short", "REGISTRY_ADMIN_PASSWORD_FILE": "short-too", "REGISTRY_PG_MAX_CONNS": "many",
		"REGISTRY_LISTEN": "nowhere", "REGISTRY_TRUSTED_PROXIES": "traefik",
		"REGISTRY_PG_URL_FILE": "short.url", "REGISTRY_REDIS_URL_FILE": "short.url", "REGISTRY_ENROLMENT_KEY_FILE": "short.key",
	}, "serve")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{
		"REGISTRY_PG_URL", "REGISTRY_PG_URL_FILE", "REGISTRY_PG_MAX_CONNS", "REGISTRY_REDIS_URL", "REGISTRY_REDIS_URL_FILE",
		"REGISTRY_TOKEN_KEY_FILE", "REGISTRY_ENROLMENT_KEY", "REGISTRY_ENROLMENT_KEY_FILE",
		"REGISTRY_ADMIN_PASSWORD", "REGISTRY_ADMIN_PASSWORD_FILE", "REGISTRY_LISTEN", "REGISTRY_TRUSTED_PROXIES",
	} {
		if !strings.Contains(stderr, name+" ") && !strings.Contains(stderr, name+":") {
			t.Errorf("%s is not named in:\n%s", name, stderr)
		}
	}
	if strings.Contains(stderr, "short") {
		t.Errorf("a password is in:\n%s", stderr)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"--help"}, {"serve", "--help"}, {"version"}} {
		if code, stdout, stderr := command(t, nil, args...); code != 0 || stdout == "" || stderr != "" {
			t.Errorf("%v: code %d, %q, %q", args, code, stdout, stderr)
		}
	}
	if code, _, stderr := command(t, nil, "explode"); code != 1 || stderr == "" {
		t.Errorf("unknown subcommand: %d %q", code, stderr)
	}
}

// TestServe takes the program from an empty database to an orderly stop. It is
// one test, because telemetry is set up once in a process.
func TestServe(t *testing.T) { //nolint:paralleltest // see above
	dir := t.TempDir()
	private, public := filepath.Join(dir, "token.key"), filepath.Join(dir, "token.pub")
	if code, _, stderr := command(t, nil, "keygen", "--private", private, "--public", public); code != 0 {
		t.Fatalf("keygen: %s", stderr)
	}
	for file, mode := range map[string]os.FileMode{private: 0o600, public: 0o644} {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v (%v)", file, info.Mode(), err)
		}
	}
	env := map[string]string{
		"REGISTRY_PG_URL": pgtest.New(t, "registry").URL, "REGISTRY_REDIS_URL": redistest.StartServer(t).URL(),
		"REGISTRY_TOKEN_KEY_FILE": private, "REGISTRY_LISTEN": "127.0.0.1:0", "REGISTRY_OPS_LISTEN": "127.0.0.1:0",
	}
	if code, _, stderr := command(t, env, "serve"); code != 1 || !strings.Contains(stderr, "registry migrate") {
		t.Fatalf("serve on no tables: %d %s", code, stderr)
	}
	for range 2 {
		if code, stdout, stderr := command(t, env, "migrate"); code != 0 {
			t.Fatalf("migrate: %s %s", stdout, stderr)
		}
	}

	var password string
	for start := range 2 {
		stdout := serveOnce(t, env, func(api, ops string) {
			res := get(t, ops+"/readyz")
			if res.StatusCode != http.StatusOK {
				t.Errorf("readyz: %d", res.StatusCode)
			}
			if res = get(t, api+"/api/devices"); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("without login: %d", res.StatusCode)
			}
		})
		shown := regexp.MustCompile(`password is (\S+)`).FindStringSubmatch(stdout)
		if (shown != nil) != (start == 0) {
			t.Fatalf("start %d printed %q", start, stdout)
		}
		if shown != nil {
			password = shown[1]
		}
	}
	code, stdout, stderr := command(t, env, "reset-password")
	if code != 0 || strings.TrimSpace(stdout) == password {
		t.Fatalf("reset-password: %q %s", stdout, stderr)
	}
	serveOnce(t, env, func(api, _ string) {
		for p, want := range map[string]int{password: 401, strings.TrimSpace(stdout): 200} {
			res, err := http.Post(api+"/api/login", "application/json", strings.NewReader(fmt.Sprintf(`{"password":%q}`, p)))
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("login: %d, want %d", res.StatusCode, want)
			}
		}
	})
}

// serveOnce serves until use returns and gives what was printed.
func serveOnce(t *testing.T, env map[string]string, use func(api, ops string)) string {
	t.Helper()
	s := programtest.New(newProgram).Serve(t, env)
	use(s.API, s.Ops)
	s.Stop()
	return s.Stdout.String()
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	return res
}
