package emulated

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

var memoryLine = regexp.MustCompile(`memory: stack at most (\d+)`)

// What a camera costs stays within firmware/size.budget. The camera lives through the whole story first.
func TestBudget(t *testing.T) {
	t.Parallel()
	dir, _ := built(t)
	text, ram, foreign := measureCore(t, dir)
	wire := filepath.Join(t.TempDir(), "wire.pcap")
	stack := liveThroughTheStory(t, wire)
	beat := dearestHeartbeat(t, wire)
	measured := map[string]int{
		"core-text": text,
		"core-ram":  ram,
		"core-heap": len(foreign),
		"stack":     stack,
		"heartbeat": beat.wireBytes,
	}
	var table strings.Builder
	for _, limit := range readBudget(t) {
		value, ok := measured[limit.name]
		if !ok {
			t.Errorf("nobody measures %s", limit.name)
			continue
		}
		delete(measured, limit.name)
		fmt.Fprintf(&table, "%-10s %6d of %6d  %s\n", limit.name, value, limit.atMost, limit.what)
		if value > limit.atMost {
			t.Errorf("%s: %d, at most %d", limit.name, value, limit.atMost)
		}
	}
	for name := range measured {
		t.Errorf("firmware/size.budget has no line for %s", name)
	}
	if len(foreign) > 0 {
		t.Errorf("the core calls %v", foreign)
	}
	t.Logf("what a camera costs:\n%s\nwhere the bytes of a heartbeat go:\n%s", &table, beat)
}

type limit struct {
	name   string
	atMost int
	what   string
}

func readBudget(t *testing.T) (limits []limit) {
	t.Helper()
	file, err := os.Open(filepath.Join(harness.Root(), "firmware", "size.budget"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		atMost, err := strconv.Atoi(fields[1])
		if err != nil {
			t.Fatalf("size.budget: %q: %v", lines.Text(), err)
		}
		limits = append(limits, limit{fields[0], atMost, strings.Join(fields[2:], " ")})
	}
	if len(limits) == 0 {
		t.Fatal("size.budget is empty")
	}
	return limits
}

// liveThroughTheStory has a camera do all that there is and gives the most that its stack held, in bytes. What went over the
// wire is in the file.
func liveThroughTheStory(t *testing.T, wire string) int {
	t.Helper()
	h := harness.StartHub(t, harness.ByKey)
	g := harness.StartGate(t, h.CameraURL)
	c := harness.NewEmulated(t, harness.Model{Hub: g.URL, Key: h.Key, Scene: "nestbox"})
	c.Wire = wire
	c.Start(t)
	harness.Until(t, "the camera is online", time.Minute, func() bool { return h.Presence(c.ID()).State == "online" })
	h.Order(c.ID(), "set_config", map[string]any{"heartbeat_interval_seconds": 10})
	h.Order(c.ID(), "identify", nil)
	h.Order(c.ID(), "capture", nil)
	c.Move()
	harness.Until(t, "the motion and a second picture are stored", time.Minute, func() bool {
		return len(h.Events(c.ID(), "motion")) > 0 && len(h.Pictures(c.ID())) > 1
	})
	h.SetPrivacy(c.ID(), true)
	harness.Until(t, "the lock is acknowledged", time.Minute, func() bool {
		p := h.Device(c.ID()).Privacy
		return p.Acknowledged == p.Generation
	})
	c.TurnSwitch(t)
	awaitHeartbeats(t, h, c.ID(), 2)
	before := g.Lie(harness.Garbage()["endless headers"])
	harness.Until(t, "the camera was told garbage", time.Minute, func() bool { return g.Met() >= before+3 })
	g.Lie(nil)
	h.Kill()
	h.Start()
	awaitHeartbeats(t, h, c.ID(), 1)
	from := c.Said().Len()
	c.AskMemory(t)
	used, err := strconv.Atoi(c.Said().Await(t, from, 1, memoryLine, time.Minute)[1])
	if err != nil {
		t.Fatal(err)
	}
	c.Cut() // so that the file is whole
	return used
}

func awaitHeartbeats(t *testing.T, h *harness.Hub, id string, count int) {
	t.Helper()
	for range count {
		before := h.Presence(id).Reading
		harness.Until(t, "the camera beats again", time.Minute, func() bool {
			now := h.Presence(id).Reading
			return now != nil && (before == nil || now.MonotonicMS != before.MonotonicMS)
		})
	}
}
