package e2e

import (
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/hubtest"
)

// databaseFiles gives the sum of each database and of its write-ahead log: SQLite writes to no other file. The -shm beside
// them is memory that happens to have a name.
func databaseFiles(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	out := map[string][32]byte{}
	for _, name := range []string{datadir.RegistryDB, datadir.TelemetryDB, datadir.MediaDB} {
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(filepath.Join(dir, name+suffix))
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			out[name+suffix] = sha256.Sum256(data)
		}
	}
	return out
}

func TestTenThousandHeartbeatsWriteNothing(t *testing.T) {
	t.Parallel()
	const cameras, beats = 10, 1000
	dir := t.TempDir()
	h := start(t, dir, "NESTBOX_ENROLMENT=open")
	op := h.operator()
	var all []*camera
	for n := range cameras {
		all = append(all, h.newCamera(n).enrol(t))
	}
	for _, c := range all { // the first beat changes presence, which is written
		if a, err := c.beat(); err != nil || a.Status != http.StatusOK {
			t.Fatalf("%d %v", a.Status, err)
		}
	}
	hubtest.Eventually(t, 30*time.Second, "all cameras are online", func() bool {
		body := string(op.do(http.MethodGet, "/api/presence", nil).Body)
		return strings.Count(body, `"online"`) == cameras
	})
	before := stable(t, dir)

	keepAlive := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: cameras}}
	t.Cleanup(keepAlive.CloseIdleConnections)
	begin := time.Now()
	var running sync.WaitGroup
	for _, c := range all {
		running.Go(func() {
			for range beats {
				req, _ := http.NewRequest(http.MethodPost, c.url+"/api/heartbeat", strings.NewReader(
					`{"device_id":"`+c.id+`","uptime":60,"free_heap":150000,"rssi":-60,"camera_enabled":true}`))
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+c.token)
				res, err := keepAlive.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != http.StatusOK {
					t.Errorf("status %d", res.StatusCode)
					return
				}
			}
		})
	}
	running.Wait()
	t.Logf("%d heartbeats in %v", cameras*beats, time.Since(begin).Round(time.Millisecond))
	after := databaseFiles(t, dir)
	for name, sum := range before {
		if after[name] != sum {
			t.Errorf("%s changed", name)
		}
	}
}

// stable waits until nothing was written for a second: what the operator's login and the first beats left to be noted.
func stable(t *testing.T, dir string) map[string][32]byte {
	t.Helper()
	last, since := databaseFiles(t, dir), time.Now()
	hubtest.Eventually(t, 30*time.Second, "the databases come to rest", func() bool {
		now := databaseFiles(t, dir)
		for name, sum := range now {
			if last[name] != sum {
				last, since = now, time.Now()
				return false
			}
		}
		return time.Since(since) > 1500*time.Millisecond
	})
	return last
}
