package main

import (
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/program/programtest"
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
		"TELEMETRY_PG_MAX_CONNS": "many-of-them", "TELEMETRY_LISTEN": "nowhere", "TELEMETRY_TRUSTED_PROXIES": "traefik",
		"TELEMETRY_EVENT_RETENTION_DAYS": "-1", "TELEMETRY_DRAIN_DELAY": "1h",
	}, "serve")
	if code != 1 {
		t.Errorf("exit code %d", code)
	}
	for _, name := range []string{
		"TELEMETRY_PG_URL", "TELEMETRY_PG_MAX_CONNS", "TELEMETRY_REDIS_URL", "TELEMETRY_TOKEN_PUBLIC_KEY_FILE",
		"TELEMETRY_EVENT_RETENTION_DAYS", "TELEMETRY_LISTEN", "TELEMETRY_TRUSTED_PROXIES", "TELEMETRY_DRAIN_DELAY",
	} {
		if !strings.Contains(stderr, name) {
			t.Errorf("%s is not named in:\n%s", name, stderr)
		}
	}
	if strings.Contains(stderr, "many-of-them") {
		t.Errorf("a value is repeated in:\n%s", stderr)
	}
	if code, _, stderr := command(t, nil, "migrate"); code != 1 || !strings.Contains(stderr, "TELEMETRY_PG_URL") || strings.Contains(stderr, "REDIS") {
		t.Errorf("migrate: %d %s", code, stderr)
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
