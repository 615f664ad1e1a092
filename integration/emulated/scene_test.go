package emulated

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

var renderScenes = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(root(), "build", "scenes")
	cmd := exec.Command("go", "run", "./firmware/scenes/cmd/render", "--out", dir)
	cmd.Dir = root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("render scenes: %w\n%s", err, out)
	}
	return dir, nil
})

// testScene is the file of a scene pack.
func testScene(t *testing.T, name string) string {
	t.Helper()
	if path := os.Getenv("NESTBOX_SCENE"); path != "" {
		return path
	}
	dir, err := renderScenes()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, name+".scene")
}
