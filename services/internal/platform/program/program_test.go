package program_test

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/config"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/migrate"
	"home.arpa/nestbox/services/internal/platform/pgtest"
	"home.arpa/nestbox/services/internal/platform/program"
	"home.arpa/nestbox/services/internal/platform/program/programtest"
	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop")))
}

var (
	migrations = fstest.MapFS{"0001_create_part.sql": {Data: []byte("-- +goose Up\nCREATE TABLE part (id text);\n-- +goose Down\nDROP TABLE part;\n")}}
	errMore    = errors.New("no room for more")
)

type settings struct{ program.Settings }

func (s *settings) Validate() []error { return s.Problems("SAMPLE_") }

// newSample is the smallest service: one table, no routes.
func newSample(at program.Process) *program.Program {
	p := &program.Program{Process: at, Name: "sample", Version: "1.2.3", Short: "A sample", Settings: "  SAMPLE_PG_URL  Postgres (secret)"}
	load := func() (settings, error) {
		s := settings{program.DefaultSettings()}
		err := config.LoadFunc(at.Getenv, "SAMPLE_", &s)
		return s, err
	}
	more := p.MigrateWith("Make more", migrations, func() (program.Postgres, error) {
		s, err := load()
		return s.Postgres, err
	}, func(context.Context) error { return errMore })
	more.Use = "more"
	p.Add(p.Migrate(migrations), more,
		program.Command("wait", "Wait for the end", "", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}),
		program.Command("serve", "Serve", "", func(ctx context.Context) (err error) {
			s, err := load()
			if err != nil {
				return err
			}
			b, err := p.Open(ctx, &s.Settings)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, b.Close(ctx)) }()
			if err := b.Await(ctx, func(ctx context.Context) error { return migrate.PostgresCurrent(ctx, b.DB, migrations) }); err != nil {
				return err
			}
			return b.Serve(ctx, b.NewEngine(), []httpx.Check{{Name: "postgres", Critical: true, Probe: b.DB.Ping}, {Name: "redis", Critical: true, Probe: b.PingRedis}})
		}))
	return p
}

func TestWhatIsPrinted(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]struct {
		code           int
		stdout, stderr string
	}{
		"":               {0, "A sample. Settings are environment variables:\n\n  SAMPLE_PG_URL  Postgres (secret)\n\nA secret may be in a file instead: SAMPLE_PG_URL_FILE ", ""},
		"version":        {0, "sample 1.2.3\n", ""},
		"migrate --help": {0, "Needs SAMPLE_PG_URL only.", ""},
		"ready --help":   {0, "Needs SAMPLE_OPS_LISTEN only", ""},
		"ready now":      {1, "", "sample: unknown command"},
		"migrate":        {1, "", "sample: SAMPLE_PG_URL is not set, and there is no default for it\n"},
		"explode":        {1, "", `sample: unknown command "explode"`},
		"version now":    {1, "", "sample: unknown command"},
	} {
		code, stdout, stderr := programtest.New(newSample).Run(t, nil, strings.Fields(args)...)
		if code != want.code || !strings.Contains(stdout, want.stdout) || !strings.Contains(stderr, want.stderr) || (stderr == "") != (want.stderr == "") {
			t.Errorf("%q: code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

func TestAnInterruptedCommandIsSilent(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr strings.Builder
	if code := newSample(program.Process{Stdout: &stderr, Stderr: &stderr}).Run(ctx, []string{"wait"}); code != 1 || stderr.Len() > 0 {
		t.Errorf("code %d, %q", code, stderr.String())
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	valid := map[string]string{"SAMPLE_PG_URL": "postgres://host/db", "SAMPLE_REDIS_URL": "redis://host", "SAMPLE_TRUSTED_PROXIES": "10.42.0.0/16,::1"}
	for variable, values := range map[string][]string{
		"SAMPLE_PG_URL": {""}, "SAMPLE_REDIS_URL": {""}, "SAMPLE_PG_MAX_CONNS": {"1", "101", "many"}, "SAMPLE_LISTEN": {"nowhere"},
		"SAMPLE_OPS_LISTEN": {"nowhere"}, "SAMPLE_TRUSTED_PROXIES": {"traefik", "::1,10.0.0.0/64"}, "SAMPLE_DRAIN_DELAY": {"-1s", "61s", "soon"},
	} {
		for _, value := range values {
			env := maps.Clone(valid)
			env[variable] = value
			s := settings{program.DefaultSettings()}
			err := config.Load(env, "SAMPLE_", &s)
			var problems *config.Error
			if !errors.As(err, &problems) || len(problems.Problems) != 1 || !strings.HasPrefix(problems.Problems[0], variable+" ") {
				t.Errorf("%s=%q: %v", variable, value, err)
			}
		}
	}
	s := settings{program.DefaultSettings()}
	if err := config.Load(valid, "SAMPLE_", &s); err != nil {
		t.Error(err)
	}
}

func TestAwait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away, old := fault.New(fault.Unavailable, "away"), errors.New("old tables")
		for name, tc := range map[string]struct {
			results []error
			want    error
			told    int
		}{
			"there": {[]error{nil}, nil, 0}, "old": {[]error{old}, old, 0},
			"there later": {[]error{away, away, nil}, nil, 1}, "old, seen later": {[]error{away, old}, old, 1},
		} {
			told := 0
			results := slices.Clone(tc.results)
			err := program.Await(t.Context(), func(context.Context) error {
				defer func() { results = results[1:] }()
				return results[0]
			}, func(error) { told++ })
			if !errors.Is(err, tc.want) || told != tc.told || len(results) != 0 {
				t.Errorf("%s: %v, told %d times, %d results left", name, err, told, len(results))
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		if err := program.Await(ctx, func(context.Context) error { return away }, func(error) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Errorf("ended while waiting: %v", err)
		}
	})
}

// TestServe is one test, because telemetry is set up once in a process.
func TestServe(t *testing.T) { //nolint:paralleltest // see above
	sample := programtest.New(newSample)
	url := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(url, []byte(pgtest.New(t, "sample").URL+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"SAMPLE_PG_URL_FILE": url, "SAMPLE_REDIS_URL": "not a URL", "SAMPLE_LISTEN": "127.0.0.1:0", "SAMPLE_OPS_LISTEN": "127.0.0.1:0",
	}
	// What was opened before is closed again: TestMain looks for it.
	if code, _, stderr := sample.Run(t, env, "serve"); code != 1 || !strings.HasPrefix(stderr, "sample: ") {
		t.Errorf("without a Redis: %d %s", code, stderr)
	}
	env["SAMPLE_REDIS_URL"] = redistest.StartServer(t).URL()
	if code, _, stderr := sample.Run(t, env, "serve"); code != 1 || !strings.Contains(stderr, "sample migrate") {
		t.Errorf("without tables: %d %s", code, stderr)
	}
	for _, n := range []string{"1", "0"} {
		if code, stdout, stderr := sample.Run(t, env, "migrate"); code != 0 || stdout != n+" migrations applied to schema sample\n" {
			t.Errorf("migrate: %d %q %s", code, stdout, stderr)
		}
	}
	if code, stdout, stderr := sample.Run(t, env, "more"); code != 1 || stdout != "" || stderr != "sample: "+errMore.Error()+"\n" {
		t.Errorf("more: %d %q %q", code, stdout, stderr)
	}
	for range 2 {
		s := sample.Serve(t, env)
		for url, want := range map[string]int{s.Ops + "/readyz": http.StatusOK, s.Ops + "/metrics": http.StatusOK, s.API + "/": http.StatusNotFound} {
			res, err := http.Get(url)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s: %d", url, res.StatusCode)
			}
		}
		asking := map[string]string{"SAMPLE_OPS_LISTEN": strings.TrimPrefix(s.Ops, "http://"), "SAMPLE_DRAIN_DELAY": "of no concern"}
		if code, stdout, stderr := sample.Run(t, asking, "ready"); code != 0 || stdout+stderr != "" {
			t.Errorf("ready: %d %q %q", code, stdout, stderr)
		}
		s.Stop()
		if code, stdout, stderr := sample.Run(t, asking, "ready"); code != 1 || stdout != "" || !strings.HasPrefix(stderr, "sample: no report ") || strings.Count(stderr, "\n") != 1 {
			t.Errorf("ready, after the stop: %d %q %q", code, stdout, stderr)
		}
		if log := s.Log.String(); strings.Count(log, `"msg":"listening"`) != 2 || s.Stdout.String() != "" {
			t.Errorf("logged %s\nprinted %s", log, s.Stdout)
		}
	}
}
