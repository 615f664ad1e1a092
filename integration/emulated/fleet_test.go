package emulated

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// 50 cameras are switched on at once: all are enrolled within 30 s, and idle they take less than one core together.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("50 cameras take a minute: run without -short")
	}
	const count = 50
	h := startHub(t)
	dir := t.TempDir()
	scene := testScene(t, "empty")
	images := make([]string, count)
	for i := range images {
		images[i] = filepath.Join(dir, fmt.Sprintf("%d.img", i))
		id := fmt.Sprintf("24:6F:28:00:F0:%02X", i)
		if err := (Image{ID: id, Scene: scene, Hub: h.address(), Key: key}).Write(t.Context(), images[i]); err != nil {
			t.Fatal(err)
		}
	}
	begin := time.Now()
	cameras := make([]*Camera, count)
	for i := range cameras {
		var err error
		if cameras[i], err = Start(images[i], &Transcript{}); err != nil {
			t.Fatal(err)
		}
		defer cameras[i].Cut()
	}
	until(t, "50 cameras are enrolled", 30*time.Second, func() bool {
		enrolled := 0
		for _, d := range h.devices() {
			if d.Status == "approved" {
				enrolled++
			}
		}
		return enrolled == count
	})
	t.Logf("%d enrolled after %v", count, time.Since(begin).Round(100*time.Millisecond))

	time.Sleep(10 * time.Second) // first heartbeats, first look at the scene
	const window = 20 * time.Second
	before := busy(t, cameras)
	time.Sleep(window)
	cores := (busy(t, cameras) - before).Seconds() / window.Seconds()
	t.Logf("%d idle cameras take %.2f cores, %.1f %% of one each", count, cores, 100*cores/count)
	if cores >= 1 {
		t.Errorf("%d idle cameras take %.2f cores", count, cores)
	}
}

// busy is the processor time that the cameras have taken, by /proc/PID/stat.
func busy(t *testing.T, cameras []*Camera) time.Duration {
	t.Helper()
	const ticksPerSecond = 100 // USER_HZ, the same on every Linux
	ticks := 0
	for _, c := range cameras {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.Process().Pid))
		if err != nil {
			t.Fatal(err)
		}
		// The name in parentheses may hold spaces; user and system time are the 12th and 13th field behind it.
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		for _, field := range fields[11:13] {
			n, err := strconv.Atoi(string(field))
			if err != nil {
				t.Fatal(err)
			}
			ticks += n
		}
	}
	return time.Duration(ticks) * time.Second / ticksPerSecond
}
