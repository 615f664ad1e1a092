package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
)

// Root is the repository's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// built is where programs go that the tests build; a second run finds most of the work done.
func built(name string) string { return filepath.Join(Root(), "build", "integration", name) }

func command(dir, name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// Nestbox builds the hub, once a process, and gives the program's path.
var Nestbox = sync.OnceValues(func() (string, error) {
	path := built("nestbox")
	return path, command(Root(), "go", "build", "-o", path, "./services/hub/cmd/nestbox")
})

// VirtualCamera builds the camera that is a process, with the sanitizers of the firmware's tests, once a process of ours, and
// gives the program's path. Its scenes lie beside it.
var VirtualCamera = sync.OnceValues(func() (string, error) {
	dir := built("firmware")
	if err := command(Root(), "cmake", "-S", "firmware", "-B", dir); err != nil {
		return "", err
	}
	if err := command(Root(), "cmake", "--build", dir, "--target", "virtual-camera", "-j", strconv.Itoa(runtime.NumCPU())); err != nil {
		return "", err
	}
	if _, err := Scenes(); err != nil {
		return "", err
	}
	return filepath.Join(dir, "virtual-camera"), nil
})

// Scenes renders the scene packs, once a process, and gives their folder.
var Scenes = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(built("firmware"), "scenes")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, command(Root(), "go", "run", "./firmware/scenes/cmd/render", "--out", dir)
})
