package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"home.arpa/nestbox/services/internal/platform/config"
)

// file writes a file of its own and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSecretsMayBeInFiles(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"hunter2": "hunter2", "hunter2\n": "hunter2", "hunter2\n\n": "hunter2\n", "hunter 2\n": "hunter 2",
	} {
		environ := map[string]string{"T_KEY_FILE": file(t, content), "T_PG_URL": "", "T_PG_URL_FILE": file(t, content)}
		got := defaults()
		if err := config.Load(environ, "T_", &got); err != nil {
			t.Errorf("%q: %v", content, err)
		}
		if got.Key.Reveal() != want || got.PG.URL.Reveal() != want {
			t.Errorf("%q became %q and %q", content, got.Key.Reveal(), got.PG.URL.Reveal())
		}
		if len(environ) != 3 {
			t.Errorf("the caller's map was changed: %d variables", len(environ))
		}
		got = defaults()
		if err := config.LoadFunc(func(key string) string { return environ[key] }, "T_", &got); err != nil || got.Key.Reveal() != want {
			t.Errorf("%q by LoadFunc: %q, %v", content, got.Key.Reveal(), err)
		}
	}
}

func TestOnlySecretsMayBeInFiles(t *testing.T) {
	t.Parallel()
	got := defaults()
	err := config.Load(map[string]string{"T_KEY": "k", "T_PG_URL": "u", "T_LISTEN_FILE": file(t, ":9999"), "T_WAIT_FILE": "/no/such"}, "T_", &got)
	if err != nil || got.Listen != ":8080" {
		t.Errorf("Listen = %q, err = %v", got.Listen, err)
	}
}

func TestProblemsOfFilesAreReportedWithTheOthers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		environ map[string]string
		want    []string
	}{
		"given twice": {map[string]string{"T_KEY": "hunter2", "T_KEY_FILE": file(t, "hunter3")}, []string{
			"T_KEY and T_KEY_FILE are both set, and only one may be",
		}},
		"missing": {map[string]string{"T_KEY_FILE": "/hunter2"}, []string{
			"T_KEY_FILE names a file that cannot be read: no such file or directory",
			"T_KEY is empty or not set, and there is no default for it",
		}},
		"unreadable": {map[string]string{"T_KEY_FILE": t.TempDir()}, []string{
			"T_KEY_FILE names a file that cannot be read: is a directory",
			"T_KEY is empty or not set, and there is no default for it",
		}},
		"empty": {map[string]string{"T_KEY_FILE": file(t, "\n")}, []string{
			"T_KEY_FILE names a file that is empty",
			"T_KEY is empty or not set, and there is no default for it",
		}},
	} {
		tc.environ["T_PG_URL"], tc.environ["T_MODE"] = "u", "closed"
		tc.want = append(tc.want, "T_MODE must be approve or open")
		got := defaults()
		err := config.Load(tc.environ, "T_", &got)
		problems, ok := errors.AsType[*config.Error](err)
		if !ok || !slices.Equal(problems.Problems, tc.want) {
			t.Errorf("%s: got\n%v\nwant\n%s", name, err, strings.Join(tc.want, "\n"))
		}
		if err != nil && strings.Contains(err.Error(), "hunter") {
			t.Errorf("%s: the error repeats a value: %v", name, err)
		}
	}
}
