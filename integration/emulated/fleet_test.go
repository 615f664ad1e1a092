package emulated

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// 50 cameras are switched on at once: all are enrolled within 30 s, and idle they take less than one core together. Not in
// parallel with the others of this package, which would take what is measured.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("50 cameras take a minute: run without -short")
	}
	const count = 50
	h := harness.StartHub(t, harness.ByKey)
	cameras := make([]*harness.EmulatedCamera, count)
	for i := range cameras {
		cameras[i] = harness.NewEmulated(t, harness.Model{Hub: h.CameraURL, Key: h.Key, Scene: "empty"})
	}
	begin := time.Now()
	for _, c := range cameras {
		c.Start(t)
	}
	harness.Until(t, "50 cameras are enrolled", 30*time.Second, func() bool {
		for _, c := range cameras {
			if h.Device(c.ID()).Status != "approved" {
				return false
			}
		}
		return true
	})
	t.Logf("%d enrolled after %v", count, time.Since(begin).Round(100*time.Millisecond))

	harness.Until(t, "all have sent their first heartbeat", 30*time.Second, func() bool {
		for _, c := range cameras {
			if h.Presence(c.ID()).State != "online" {
				return false
			}
		}
		return true
	})
	const window = 20 * time.Second
	before := busy(t, cameras)
	time.Sleep(window) // what they do in it is what is measured
	cores := (busy(t, cameras) - before).Seconds() / window.Seconds()
	t.Logf("%d idle cameras take %.2f cores, %.1f %% of one each", count, cores, 100*cores/count)
	if cores >= 1 {
		t.Errorf("%d idle cameras take %.2f cores", count, cores)
	}
}

// busy is the processor time that the cameras have taken, by /proc/PID/stat.
func busy(t *testing.T, cameras []*harness.EmulatedCamera) time.Duration {
	t.Helper()
	const ticksPerSecond = 100 // USER_HZ, the same on every Linux
	ticks := 0
	for _, c := range cameras {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.PID()))
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
