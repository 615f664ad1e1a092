package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Container is one of a lab's, by its name.
type Container string

// Container gives the only container of a service.
func (l *Lab) Container(t *testing.T, service string) Container {
	t.Helper()
	all := l.Containers(t, service)
	if len(all) != 1 {
		t.Fatalf("%s has the containers %v, want one", service, all)
	}
	return all[0]
}

// Containers gives all containers of a service, stopped ones too; of every service when it is empty.
func (l *Lab) Containers(t *testing.T, service string) (all []Container) {
	t.Helper()
	args := []string{"ps", "--all", "--format", "{{.Names}}", "--filter", "label=com.docker.compose.project=" + l.name}
	if service != "" {
		args = append(args, "--filter", "label=com.docker.compose.service="+service)
	}
	for _, name := range strings.Fields(docker(t, args...)) {
		all = append(all, Container(name))
	}
	return all
}

// Running gives all containers that run.
func (l *Lab) Running(t *testing.T) (all []Container) {
	t.Helper()
	for _, name := range strings.Fields(docker(t, "ps", "--format", "{{.Names}}", "--filter", "label=com.docker.compose.project="+l.name)) {
		all = append(all, Container(name))
	}
	return all
}

// ImageBytes is the size of an image.
func ImageBytes(t *testing.T, image string) int {
	t.Helper()
	size, err := strconv.Atoi(strings.TrimSpace(docker(t, "image", "inspect", "--format", "{{.Size}}", image)))
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// Kill ends it as kill -9 does, and leaves it ended.
func (c Container) Kill(t *testing.T) {
	t.Helper()
	docker(t, "kill", "--signal", "KILL", string(c))
}

// Start starts one that has ended.
func (c Container) Start(t *testing.T) {
	t.Helper()
	docker(t, "start", string(c))
}

// AwaitHealthy waits until its health check says so.
func (c Container) AwaitHealthy(t *testing.T) {
	t.Helper()
	Until(t, string(c)+" is healthy", time.Minute, func() bool {
		return strings.TrimSpace(docker(t, "inspect", "--format", "{{.State.Health.Status}}", string(c))) == "healthy"
	})
}

// Exec runs a command in it and gives what that prints.
func (c Container) Exec(t *testing.T, command ...string) string {
	t.Helper()
	return docker(t, append([]string{"exec", string(c)}, command...)...)
}

// ChangeNetwork runs a program of an image with the right to administer the container's network, which the container itself lacks.
func (c Container) ChangeNetwork(t *testing.T, image, program string, args ...string) {
	t.Helper()
	docker(t, append([]string{
		"run", "--rm", "--network", "container:" + string(c), "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--user", "0", "--entrypoint", program, image,
	}, args...)...)
}

// Logs is all that it has printed.
func (c Container) Logs(t *testing.T) string {
	t.Helper()
	return docker(t, "logs", string(c))
}

// Follow gives what it prints from its beginning, and goes on until it ends or the test does.
func (c Container) Follow(t *testing.T) *Transcript {
	t.Helper()
	var said Transcript
	p := start(t, &said, os.Environ(), "docker", "logs", "--follow", string(c))
	t.Cleanup(p.kill)
	return &said
}

// LogTail is the last lines of Logs.
func (c Container) LogTail(t *testing.T) string {
	t.Helper()
	return docker(t, "logs", "--tail", strconv.Itoa(toldLines), string(c))
}

// Inspect reads what the engine knows of it into out.
func (c Container) Inspect(t *testing.T, out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(docker(t, "inspect", "--format", "{{json .}}", string(c))), out); err != nil {
		t.Fatal(err)
	}
}

// Disconnect takes the container off its lab's network for cameras; the result puts it back.
func (c Container) Disconnect(t *testing.T, l *Lab) (reconnect func()) {
	t.Helper()
	docker(t, "network", "disconnect", l.name+"_door", string(c))
	return func() { docker(t, "network", "connect", l.name+"_door", string(c)) }
}

var cameraLine = regexp.MustCompile(`(?m)info +camera (\S+)$`)

// CameraID is the id of the camera in the container, as its console says.
func (c Container) CameraID(t *testing.T) (id string) {
	t.Helper()
	Until(t, string(c)+" says who it is", soonEnough, func() bool {
		m := cameraLine.FindStringSubmatch(c.Logs(t))
		if m == nil {
			return false
		}
		id = m[1]
		return true
	})
	return id
}

// soonEnough is for what a program does right after its start, on a busy machine.
const soonEnough = 30 * time.Second

// SetLink plugs the emulated camera's network in or out.
func (c Container) SetLink(t *testing.T, up bool) {
	t.Helper()
	c.qmp(t, fmt.Sprintf(`{"execute": "set_link", "arguments": {"name": "net", "up": %t}}`, up))
}

// qmp has QEMU, the container's first process, carry out a command: QEMU Machine Protocol.
func (c Container) qmp(t *testing.T, command string) {
	t.Helper()
	cmd := exec.Command("docker", "exec", "--interactive", string(c), "socat", "-t5", "STDIO", "UNIX-CONNECT:/proc/1/cwd/qmp.sock")
	cmd.Stdin = strings.NewReader(`{"execute": "qmp_capabilities"}` + "\n" + command + "\n")
	out, err := cmd.CombinedOutput()
	if err != nil || bytes.Count(out, []byte(`{"return": {}}`)) != 2 {
		t.Fatalf("%s: %s: %v\n%s", c, command, err, out)
	}
}

// docker runs the client and gives what it prints.
func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("docker", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("docker %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}
