package served_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"home.arpa/nestbox/services/internal/platform/pgtest"
)

// The programs, in the order in which they are started.
var names = []string{"registry", "telemetry", "media"}

var binaries string // folder of the programs built by this run

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "nestbox-served-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	binaries = dir
	for _, name := range names {
		if err := build(name); err != nil {
			return 1, err
		}
	}
	return pgtest.Main(m), nil
}

// build makes what is shipped, also when the tests run with the race detector: time limits are part of what is tested, and the
// services' own tests look for races. Each is built in its module, as its container does.
func build(name string) error {
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(binaries, name), "./cmd/"+name)
	cmd.Dir = filepath.Join("..", "..", name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", name, err, out)
	}
	return nil
}
