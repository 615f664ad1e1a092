package harness

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Lab is the system as it is deployed, in containers: docker/compose.yaml. It is a Compose project of its own, with its own
// secrets, data and ports, beside the lab that a person may have started.
type Lab struct {
	// Operator speaks through the ingress, port 80 of a deployment; its test is the one that started the lab.
	Operator
	// CameraURL is the ingress's port for cameras, 5000 of a deployment.
	CameraURL string

	name    string
	secrets string // a folder
	off     []string
	ports   map[string]string
	env     []string
}

// LabOptions say how a lab differs from docker/compose.yaml.
type LabOptions struct {
	// Name is of the project and its folder under build/: two labs at once need two.
	Name string
	// Overlays are files in docker/ that are laid over compose.yaml.
	Overlays []string
	// Off are services beside the cameras that do not start with the others.
	Off []string
	// Ports are variables of the overlays that say where something is published; each gets a free port.
	Ports []string
}

// subnets of labs that run at once must differ; so does each lab's from the one of `make lab/up`.
var subnets = map[string]string{
	"story": "10.87.1.0/24", "deployed": "10.87.2.0/24",
	"crashes": "10.87.3.0/24", "network": "10.87.4.0/24", "wrong": "10.87.5.0/24", "fleet": "10.87.6.0/24",
}

// StartLab starts a lab with new data and no cameras, and stops and deletes it when the test ends.
func StartLab(t *testing.T, options LabOptions) *Lab {
	t.Helper()
	if err := build("make", "-s", "setup/lab"); err != nil {
		t.Fatal(err)
	}
	subnet, ok := subnets[options.Name]
	if !ok {
		t.Fatalf("no subnet for a lab %q", options.Name)
	}
	dir := filepath.Join(Root(), "build", "lab", options.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	files := []string{"docker/compose.yaml"}
	for _, overlay := range options.Overlays {
		files = append(files, "docker/"+overlay)
	}
	l := &Lab{
		name:    "nestbox-" + options.Name,
		secrets: filepath.Join(dir, "secrets"),
		off:     append([]string{"camera"}, options.Off...),
		ports:   make(map[string]string),
		env: append(os.Environ(),
			"COMPOSE_PROJECT_NAME=nestbox-"+options.Name, "COMPOSE_FILE="+strings.Join(files, ":"), "NESTBOX_SECRETS="+filepath.Join(dir, "secrets"),
			"NESTBOX_BIND=127.0.0.1", "NESTBOX_SUBNET="+subnet, "NESTBOX_LOG_LEVEL=debug"),
	}
	for _, port := range append([]string{"NESTBOX_HTTP_PORT", "NESTBOX_CAMERA_PORT"}, options.Ports...) {
		l.ports[port] = freePort(t)
		l.env = append(l.env, port+"="+l.ports[port])
	}
	l.t, l.URL, l.CameraURL = t, "http://127.0.0.1:"+l.Port("NESTBOX_HTTP_PORT"), "http://127.0.0.1:"+l.Port("NESTBOX_CAMERA_PORT")
	l.run(t, nil, "clean") // of a run that was interrupted
	if err := buildImages(l.env); err != nil {
		t.Fatal(err)
	}
	l.makeSecrets(t)
	t.Cleanup(func() { l.run(t, nil, "clean") })
	l.Up(t, nil)
	l.login(strings.TrimSpace(l.Secret(t, "admin-password")))
	return l
}

// buildImages brings the images up to date, once a process.
var buildImages = func() func(env []string) error {
	var once sync.Once
	var err error
	return func(env []string) error {
		once.Do(func() {
			cmd := exec.Command("docker/lab", "build")
			cmd.Dir, cmd.Env = Root(), env
			var out []byte
			if out, err = cmd.CombinedOutput(); err != nil {
				err = fmt.Errorf("docker/lab build: %w\n%s", err, out)
			}
		})
		return err
	}
}()

// freePort is one that nobody listens on just now.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}

// Up starts everything except what is off, or what is given, with further variables of compose.yaml; what differs is made anew.
func (l *Lab) Up(t *testing.T, env []string, services ...string) {
	t.Helper()
	args := []string{"compose", "up", "--detach", "--no-color"}
	if len(services) > 0 {
		args = append(args, "--no-deps")
	} else {
		for _, service := range l.off {
			args = append(args, "--scale", service+"=0")
		}
	}
	l.run(t, env, append(args, services...)...)
}

// ScaleCameras makes it so many containers with a camera each.
func (l *Lab) ScaleCameras(t *testing.T, n int) {
	t.Helper()
	l.run(t, nil, "compose", "up", "--detach", "--no-deps", "--no-recreate", "--scale", "camera="+strconv.Itoa(n), "camera")
}

// Port is what a variable that names a published port has.
func (l *Lab) Port(variable string) string { return l.ports[variable] }

func (l *Lab) makeSecrets(t *testing.T) {
	t.Helper()
	cmd := exec.Command("docker/make-secrets", l.secrets)
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("docker/make-secrets: %v\n%s", err, out)
	}
}

// Secret reads a file of the lab's secrets.
func (l *Lab) Secret(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(l.secrets, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// As is the lab's operator in another test.
func (l *Lab) As(t *testing.T) *Operator {
	o := l.Operator
	o.t = t
	return &o
}

// Run is docker/lab for this lab, and gives what it prints.
func (l *Lab) Run(t *testing.T, args ...string) string {
	t.Helper()
	return l.run(t, nil, args...)
}

func (l *Lab) run(t *testing.T, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("docker/lab", args...)
	cmd.Dir, cmd.Env = Root(), slices.Concat(l.env, env)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("docker/lab %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	t.Logf("docker/lab %s: %v", strings.Join(args, " "), time.Since(start).Round(100*time.Millisecond))
	return string(out)
}

// hubServices are what a hub is in one process.
var hubServices = []string{"registry", "telemetry", "media"}

// Hub is the lab as a hub, with the enrolment that is asked for. Only who has the lab for itself may ask for another than ByKey, or
// kill it.
func (l *Lab) Hub(t *testing.T, enrolment Enrolment) *Hub {
	t.Helper()
	if enrolment != ByKey {
		l.Up(t, []string{"NESTBOX_ENROLMENT=" + string(enrolment)}, "registry")
		l.Container(t, "registry").AwaitHealthy(t)
		t.Cleanup(func() {
			l.Up(t, nil, "registry")
			l.Container(t, "registry").AwaitHealthy(t)
		})
	}
	h := &Hub{Operator: *l.As(t), CameraURL: l.CameraURL, Key: strings.TrimSpace(l.Secret(t, "enrolment-key"))}
	h.kill = func() {
		for _, service := range hubServices {
			l.Container(t, service).Kill(t)
		}
	}
	h.start = func() {
		for _, service := range hubServices {
			l.Container(t, service).Start(t)
		}
		h.AwaitServing()
	}
	h.AwaitServing()
	return h
}
