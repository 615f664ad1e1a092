package e2e

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/hubtest"
)

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		harm func(t *testing.T, dir string)
		env  []string
		line string // the start of a line, as a pattern
	}{
		"open key": {func(t *testing.T, dir string) {
			must(t, os.Chmod(dir, 0o755))
			must(t, os.Chmod(datadir.Path(dir).In(datadir.TokenKey), 0o644))
		}, nil, `✗ privacy +other users .*token.key`},
		"lost picture": {func(t *testing.T, dir string) { must(t, os.Remove(pictureFiles(t, dir)[0])) }, nil, `✗ pictures +0 are whole, 1 are missing`},
		"cut picture":  {func(t *testing.T, dir string) { must(t, os.Truncate(pictureFiles(t, dir)[0], 10)) }, nil, `✗ pictures +0 are whole, 0 are missing, 1 are damaged`},
		"foreign file": {func(t *testing.T, dir string) {
			must(t, os.WriteFile(datadir.Path(dir).In(datadir.Pictures)+"/holiday.jpg", nil, 0o600))
		}, nil, `✗ pictures +1, all whole; 1 other`},
		"damaged database": {func(t *testing.T, dir string) {
			path := datadir.Path(dir).In(datadir.TelemetryDB)
			data, err := os.ReadFile(path)
			must(t, err)
			for i := 4096; i < len(data); i++ {
				data[i] ^= 0x5a
			}
			must(t, os.WriteFile(path, data, 0o600))
		}, nil, `✗ databases`},
		"lost key":      {func(t *testing.T, dir string) { must(t, os.Remove(datadir.Path(dir).In(datadir.TokenKey))) }, nil, `✗ key`},
		"nothing there": {func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }, nil, `✗ folder +.* does not exist`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			h := start(t, dir, "NESTBOX_ENROLMENT=open")
			c := h.newCamera(1).enrol(t)
			if a, err := c.upload(frame(1, 160, 120)); err != nil || a.Status != http.StatusOK {
				t.Fatalf("%d %v", a.Status, err)
			}
			h.stop()
			mustAgree(t, dir)
			tt.harm(t, dir)
			r := run(t, dir, tt.env, "doctor")
			if r.code != 1 || !regexp.MustCompile(`(?m)^`+tt.line).MatchString(r.out) || !strings.Contains(r.out, "→") {
				t.Errorf("exit code %d, said\n%s%s", r.code, r.out, r.errors)
			}
		})
	}
}

func TestDoctorOfARunningHub(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir)
	env := []string{"NESTBOX_LISTEN=" + strings.TrimPrefix(h.url, "http://"), "NESTBOX_OPS_LISTEN=" + strings.TrimPrefix(h.ops, "http://")}
	r := run(t, dir, env, "doctor")
	if r.code != 0 || strings.Contains(r.out, "✗") || !strings.Contains(r.out, "in use by process "+h.pid()) {
		t.Errorf("exit code %d, said\n%s%s", r.code, r.out, r.errors)
	}
	env[0] = "NESTBOX_LISTEN=" + freeAddress(t)
	if r := run(t, dir, env, "doctor"); r.code != 1 || !strings.Contains(r.out, "does not answer on") {
		t.Errorf("another port: exit code %d, said\n%s%s", r.code, r.out, r.errors)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestDevicesAndPasswordWorkWhetherOrNotTheHubRuns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir)
	c := h.newCamera(1)
	register := func(want int) {
		t.Helper()
		a, err := c.register()
		if err != nil {
			t.Fatal(err)
		}
		a.Want(t, want)
	}
	register(http.StatusAccepted)
	for _, running := range []bool{true, false} {
		if !running {
			h.stop()
		}
		if out := mustRun(t, dir, "devices", "ls"); !containsAll(out, c.id, "esp32cam") {
			t.Errorf("running %v: listed %s", running, out)
		}
		if out := mustRun(t, dir, "devices", "ls", "--json"); !strings.HasPrefix(out, `{"devices":[{`) {
			t.Errorf("running %v: JSON %s", running, out)
		}
	}
	mustRun(t, dir, "devices", "approve", strings.ToLower(c.id)) // while it is stopped
	first := strings.TrimSpace(mustRun(t, dir, "admin", "reset-password"))
	h = start(t, dir)
	c.url = h.url
	register(http.StatusOK)
	op := h.login(first)

	second := strings.TrimSpace(mustRun(t, dir, "admin", "reset-password")) // while it runs
	h.login(second)
	if a := hubtest.Do(t, http.MethodPost, h.url+"/api/login", map[string]any{"password": first}); a.Status != http.StatusUnauthorized {
		t.Errorf("the former password: %d", a.Status)
	}
	begin := time.Now()
	mustRun(t, dir, "devices", "revoke", c.id)
	if a, err := c.beat(); err != nil || a.Status != http.StatusUnauthorized || time.Since(begin) > time.Second && !raceEnabled {
		t.Errorf("beat after revoke: %d %v after %v", a.Status, err, time.Since(begin))
	}
	audit := string(op.do(http.MethodGet, "/api/audit", nil).Want(t, http.StatusOK).Body)
	if !containsAll(audit, `"device.revoke"`, `"console"`) {
		t.Errorf("the record of changes lacks the commands: %s", audit)
	}
	if r := run(t, dir, nil, "devices", "approve", "nonsense"); r.code != 1 || !strings.Contains(r.errors, "MAC") {
		t.Errorf("exit code %d, said %s", r.code, r.errors)
	}
	if r := run(t, dir, nil, "devices", "approve"); r.code != 2 {
		t.Errorf("without an id: exit code %d", r.code)
	}
}
