package e2e

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// contents is all that a person could ask the hub for, pictures by their sums.
func (o *operator) contents() string {
	o.t.Helper()
	var out strings.Builder
	out.WriteString(o.everything())
	for _, p := range o.all("/api/pictures", "pictures", "") {
		a := o.do(http.MethodGet, p["image_url"].(string), nil).Want(o.t, http.StatusOK)
		fmt.Fprintf(&out, "%v %x\n", p["picture_id"], a.Body)
	}
	for _, e := range o.all("/api/audit", "entries", "") {
		if e["action"] != "session.create" && e["action"] != "token.create" { // those of the test's own logins
			fmt.Fprintln(&out, e)
		}
	}
	return out.String()
}

func TestRestoredBackupIsTheSameHub(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"b.tar", "b.tar.gz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, file := t.TempDir(), filepath.Join(t.TempDir(), name)
			h := start(t, dir, "NESTBOX_ENROLMENT=open")
			c := h.newCamera(1).enrol(t)
			for n := range 5 {
				id := fmt.Sprintf("e-%d", n)
				if a, err := c.motion(id, time.Now().Add(time.Duration(n-10)*time.Minute)); err != nil || a.Status != http.StatusOK {
					t.Fatalf("%d %s %v", a.Status, a.Body, err)
				}
				if a, err := c.upload(frame(uint64(n), 160, 120), "X-Event-ID", id); err != nil || a.Status != http.StatusOK {
					t.Fatalf("%d %s %v", a.Status, a.Body, err)
				}
			}
			op := h.operator()
			op.do(http.MethodPatch, "/api/devices/"+c.id, map[string]any{"name": "Garden"}).Want(t, http.StatusOK)
			op.do(http.MethodPost, "/api/commands", map[string]any{"device_id": c.id, "kind": "reboot", "expires_in_seconds": 86400}).Want(t, http.StatusCreated)
			op.do(http.MethodPut, "/api/devices/"+c.id+"/privacy", map[string]any{"locked": true}).Want(t, http.StatusOK)
			before := op.contents()

			mustRun(t, dir, "backup", file) // while it runs
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("backup has mode %v %v, want 600", info.Mode(), err)
			}
			h.stop()

			if r := run(t, dir, nil, "restore", file); r.code != 1 || !containsAll(r.errors, "--force") {
				t.Errorf("restore over data: exit code %d, said %s", r.code, r.errors)
			}
			fresh := filepath.Join(t.TempDir(), "restored")
			mustRun(t, fresh, "restore", file)
			h2 := start(t, fresh, "NESTBOX_ENROLMENT=open")
			op.url, c.url = h2.url, h2.url
			if after := op.contents(); after != before { // the operator's token is restored too
				t.Errorf("restored:\n%.2000s\nbefore:\n%.2000s", after, before)
			}
			if a, err := c.beat(); err != nil || a.Status != http.StatusOK { // and the key that signed the camera's
				t.Errorf("the camera's token: %d %v", a.Status, err)
			}
			h2.stop()
			mustAgree(t, fresh)

			// Over data with --force: what was there is kept aside.
			mustRun(t, dir, "restore", "--force", file)
			aside, err := filepath.Glob(filepath.Join(dir, "before-restore-*", "registry.db"))
			if err != nil || len(aside) != 1 {
				t.Errorf("the former data is at %v %v", aside, err)
			}
			mustAgree(t, dir)
		})
	}
}

func TestBackupUnderLoadRestoresWhole(t *testing.T) {
	t.Parallel()
	dir, file := t.TempDir(), filepath.Join(t.TempDir(), "b.tar")
	h := start(t, dir, "NESTBOX_ENROLMENT=open")
	op := h.operator()
	var answered atomic.Int64
	stop := make(chan struct{})
	var running sync.WaitGroup
	for n := range 3 {
		c := h.newCamera(n).enrol(t)
		running.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				a, err := c.upload(frame(uint64(n)<<32|uint64(i), 160, 120))
				if err != nil || a.Status != http.StatusOK {
					t.Errorf("upload: %d %s %v", a.Status, a.Body, err)
					return
				}
				answered.Add(1)
				if id, ok := a.JSON["picture_id"].(string); ok && i%3 == 0 { // deleted while the backup looks for it
					op.do(http.MethodDelete, "/api/pictures/"+id, nil)
				}
			}
		})
	}
	hubtest.Eventually(t, time.Minute, "some pictures are there", func() bool { return answered.Load() > 60 || t.Failed() })
	for range 3 {
		mustRun(t, dir, "backup", file)
	}
	close(stop)
	running.Wait()
	h.stop()

	fresh := filepath.Join(t.TempDir(), "restored")
	mustRun(t, fresh, "restore", file)
	mustAgree(t, fresh)
	h = start(t, fresh, "NESTBOX_ENROLMENT=open")
	pictures := h.operator().all("/api/pictures", "pictures", "")
	if len(pictures) < 40 {
		t.Errorf("%d pictures restored, want at least 40", len(pictures))
	}
}

func TestRestoreRefusesWhileTheHubRunsAndWhatIsNoBackup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(file, []byte("Dear Sir"), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	if r := run(t, fresh, nil, "restore", file); r.code != 1 || !containsAll(r.errors, file) {
		t.Errorf("exit code %d, said %s", r.code, r.errors)
	}
	if left, _ := filepath.Glob(filepath.Join(fresh, "*.db")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
	h := start(t, dir)
	mustRun(t, dir, "backup", file)
	if r := run(t, dir, nil, "restore", "--force", file); r.code != 1 || !containsAll(r.errors, "in use by nestbox", h.pid()) {
		t.Errorf("while it runs: exit code %d, said %s", r.code, r.errors)
	}
}
