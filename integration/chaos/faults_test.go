package chaos

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/broken"
	"home.arpa/nestbox/integration/harness"
)

// fault is something bad that happens to the system for a while.
type fault struct {
	name string
	// lasts is how long in the short round of `make test`, and in the long one of `make chaos`.
	short, long time.Duration
	// begin breaks something; what it returns makes it whole again.
	begin func(t *testing.T, w *world) (end func())
}

// crashes are faults of the hub's own parts.
func crashes() (all []fault) {
	for _, service := range []string{"registry", "telemetry", "media", "redis", "postgres", "traefik"} {
		all = append(all, killed(service))
	}
	return append(all, fault{"redis emptied", 5 * time.Second, 30 * time.Second, emptyRedis})
}

// surroundings are faults of what the hub stands on.
func surroundings() []fault {
	return []fault{
		{"a camera's cable pulled", 20 * time.Second, 2 * time.Minute, pullCable},
		{"cameras off the network", 20 * time.Second, 2 * time.Minute, disconnect},
		{"2 s latency, 20 % loss", 30 * time.Second, 2 * time.Minute, slowAndLossy},
		{"uploads cut half-way", 20 * time.Second, 2 * time.Minute, cutUploads},
		{"the disk of media full", 20 * time.Second, 2 * time.Minute, fillDisk},
	}
}

// clocks is one service's in the short round, since each is a program to compile.
func clocks() (all []fault) {
	services := []string{"telemetry"}
	if long() {
		services = append(services, "media", "registry")
	}
	for _, service := range services {
		all = append(all, fault{service + "'s clock 1 h ahead", 20 * time.Second, 2 * time.Minute, clockAhead(service)})
	}
	return all
}

// killed ends a container with kill -9 and starts it again.
func killed(service string) fault {
	return fault{service + " killed", 6 * time.Second, 45 * time.Second, func(t *testing.T, w *world) func() {
		c := w.lab.Container(t, service)
		c.Kill(t)
		return func() {
			c.Start(t)
			c.AwaitHealthy(t)
		}
	}}
}

func emptyRedis(t *testing.T, w *world) func() {
	_, password, _ := strings.Cut(w.lab.Secret(t, "redis-url"), "redis://:")
	password, _, _ = strings.Cut(password, "@")
	redis := w.lab.Container(t, "redis")
	if out := redis.Exec(t, "sh", "-c", "REDISCLI_AUTH='"+password+"' redis-cli flushall"); strings.TrimSpace(out) != "OK" {
		t.Fatalf("flushall: %s", out)
	}
	return func() {}
}

// pullCable takes a third of the cameras the link away: they notice.
func pullCable(t *testing.T, w *world) func() {
	some := w.cameras[:len(w.cameras)/3+1]
	for _, c := range some {
		c.SetLink(t, false)
	}
	return func() {
		for _, c := range some {
			c.SetLink(t, true)
		}
	}
}

// disconnect takes a third of the cameras the network behind the link away: they do not notice until nothing answers.
func disconnect(t *testing.T, w *world) func() {
	some := w.cameras[len(w.cameras)/2:][:len(w.cameras)/3+1]
	again := make([]func(), len(some))
	for i, c := range some {
		again[i] = c.Disconnect(t, w.lab)
	}
	return func() {
		for _, reconnect := range again {
			reconnect()
		}
	}
}

// toxic has the proxy between the cameras and the hub do something bad; the result takes it back.
func toxic(t *testing.T, proxy harness.Container, kind, direction string, attributes ...string) func() {
	add := []string{"toxiproxy-cli", "toxic", "add", "--toxicName", kind, "--type", kind, "--" + direction}
	proxy.Exec(t, slices.Concat(add, attributes, []string{"hub"})...)
	return func() { proxy.Exec(t, "toxiproxy-cli", "toxic", "remove", "--toxicName", kind, "hub") }
}

// lossy drops every fifth packet between the cameras and the proxy, either way.
const lossy = `
table inet faults {
	chain in  { type filter hook input  priority 0; tcp dport 5000 numgen random mod 100 < 20 drop; }
	chain out { type filter hook output priority 0; tcp sport 5000 numgen random mod 100 < 20 drop; }
}`

func slowAndLossy(t *testing.T, w *world) func() {
	proxy := w.lab.Container(t, "faults")
	proxy.ChangeNetwork(t, "nestbox/faults", "nft", lossy)
	fast := toxic(t, proxy, "latency", "downstream", "--attribute=latency=2000", "--attribute=jitter=200")
	return func() {
		fast()
		proxy.ChangeNetwork(t, "nestbox/faults", "nft", "delete table inet faults")
	}
}

// cutUploads closes each connection behind 8 KB from the camera: no picture is so small.
func cutUploads(t *testing.T, w *world) func() {
	return toxic(t, w.lab.Container(t, "faults"), "limit_data", "upstream", "--attribute=bytes=8000")
}

func fillDisk(t *testing.T, w *world) func() {
	disk := w.lab.Container(t, "faults")
	// It ends when there is no room left, which is no success for dd.
	disk.Exec(t, "sh", "-c", "dd if=/dev/zero of=/pictures/ballast bs=64k 2>/dev/null || true; df --output=avail /pictures | grep -qx ' *0'")
	return func() { disk.Exec(t, "rm", "/pictures/ballast") }
}

// clockAhead exchanges a service for one whose clock is an hour ahead.
func clockAhead(service string) func(t *testing.T, w *world) func() {
	return func(t *testing.T, w *world) func() { return exchange(t, w, broken.ClockAhead(service)) }
}

// exchange runs a service from a broken build; the result puts the whole one back.
func exchange(t *testing.T, w *world, d broken.Defect) func() {
	image, err := imageOf(d)
	if err != nil {
		t.Fatal(err)
	}
	w.lab.Up(t, []string{"NESTBOX_" + strings.ToUpper(d.Service) + "_IMAGE=" + image}, d.Service)
	w.lab.Container(t, d.Service).AwaitHealthy(t)
	return func() {
		w.lab.Up(t, nil, d.Service)
		w.lab.Container(t, d.Service).AwaitHealthy(t)
	}
}

// imageOf builds the image of a broken service: the whole one's, with another program.
func imageOf(d broken.Defect) (string, error) {
	program, err := broken.Build(d)
	if err != nil {
		return "", err
	}
	name := "nestbox-chaos/" + d.Service + ":" + d.Name
	cmd := exec.Command("docker", "build", "--quiet", "--tag", name, "--file", "-", filepath.Dir(program))
	cmd.Stdin = strings.NewReader("FROM nestbox/" + d.Service + "\nCOPY " + d.Service + " /service\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("image of broken build %s: %w\n%s", d.Name, err, out)
	}
	return name, nil
}
