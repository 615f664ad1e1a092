package broken

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

// What `make build` and docker/services.Dockerfile build with.
const (
	tags    = "nomsgpack,grpcnotrace"
	ldflags = "-s -w -X main.version="
)

// goroot stands in Defect.file for the folder of Go itself.
const goroot = "GOROOT/"

// packages are the services' programs.
var packages = map[string]string{
	"registry":  "./services/registry/cmd/registry",
	"telemetry": "./services/telemetry/cmd/telemetry",
	"media":     "./services/media/cmd/media",
	"nestbox":   "./services/hub/cmd/nestbox",
}

// Build builds the program that has the defect and gives its path, build/broken/<name>/<service> in the repository. It is static
// and built as `make build` does, and its version is "broken-" and the name. Go's cache has what the edit does not touch, and all of it
// the next time. The first build with a changed clock compiles everything, also Go's own packages: 275 s of processor time for
// telemetry. A program that is up to date gets a new time and nothing else, so one that runs may be built again. Safe for concurrent use, also
// by several processes.
func Build(d Defect) (program string, err error) {
	source, known := packages[d.Service]
	if !known {
		return "", fmt.Errorf("broken build %s: there is no service %q", d.Name, d.Service)
	}
	program = filepath.Join(d.folder(), d.Service)
	return program, d.build(program, source)
}

// build compiles a package, named as for go build at the repository's root, with the defect into a program.
func (d Defect) build(program, source string) error {
	if err := os.MkdirAll(d.folder(), 0o755); err != nil {
		return fmt.Errorf("broken build %s: %w", d.Name, err)
	}
	lock, err := os.Create(filepath.Join(d.folder(), "lock"))
	if err != nil {
		return fmt.Errorf("broken build %s: %w", d.Name, err)
	}
	defer lock.Close() // unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return fmt.Errorf("broken build %s: lock: %w", d.Name, err)
	}
	overlay, err := d.overlay()
	if err != nil {
		return err
	}
	cmd := exec.Command("go", "build", "-overlay", overlay, "-trimpath", "-tags", tags,
		"-ldflags", ldflags+"broken-"+d.Name, "-o", program, source)
	cmd.Dir = root()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("broken build %s: %w\n%s", d.Name, err, out)
	}
	return nil
}

// overlay writes the edited file and the list of replacements that go build reads, and gives the path of the list.
func (d Defect) overlay() (string, error) {
	path, err := d.path()
	if err != nil {
		return "", err
	}
	text, err := d.edited(path)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(d.folder(), filepath.Base(path))
	list, err := json.Marshal(map[string]map[string]string{"Replace": {path: copied}})
	if err != nil {
		return "", fmt.Errorf("broken build %s: %w", d.Name, err)
	}
	overlay := filepath.Join(d.folder(), "overlay.json")
	if err := errors.Join(os.WriteFile(copied, text, 0o644), os.WriteFile(overlay, list, 0o644)); err != nil {
		return "", fmt.Errorf("broken build %s: %w", d.Name, err)
	}
	return overlay, nil
}

// edited is the text of the file at path with the edit in it.
func (d Defect) edited(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("broken build %s: its edit is for a file that is gone: %w", d.Name, err)
	}
	if n := strings.Count(string(text), d.old); n != 1 {
		return nil, fmt.Errorf("broken build %s: the text that its edit replaces is in %s %d times and not once: the code moved, and the edit must follow:\n%s",
			d.Name, path, n, d.old)
	}
	return []byte(strings.Replace(string(text), d.old, d.new, 1)), nil
}

// path is that of the file to edit.
func (d Defect) path() (string, error) {
	file, ofGo := strings.CutPrefix(d.file, goroot)
	if !ofGo {
		return filepath.Join(root(), file), nil
	}
	cmd := exec.Command("go", "env", "GOROOT") // of the Go that builds, which go.work may choose
	cmd.Dir = root()
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("broken build %s: where Go is: %w", d.Name, err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), file), nil
}

func (d Defect) folder() string { return filepath.Join(root(), "build", "broken", d.Name) }

// root is the repository's folder.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}
