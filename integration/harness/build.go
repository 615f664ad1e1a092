package harness

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
)

// Root is the repository's folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// build runs a command that builds something, at the repository's root. The tests of several packages run at once, and
// neither make nor cmake wants a second one beside it.
func build(name string, args ...string) error {
	if err := os.MkdirAll(filepath.Join(Root(), "build"), 0o755); err != nil {
		return err
	}
	lock, err := os.Create(filepath.Join(Root(), "build", "integration.lock"))
	if err != nil {
		return err
	}
	defer lock.Close() // unlocks
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return err
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %v: %w\n%s", name, args, err, out)
	}
	return nil
}

// Nestbox builds the hub, once a process, and gives the program's path.
var Nestbox = sync.OnceValues(func() (string, error) {
	return filepath.Join(Root(), "bin", "nestbox"), build("make", "build/nestbox")
})

// VirtualCamera builds the camera that is a process, with the sanitizers of the firmware's tests, once a process of ours, and
// gives the program's path. Its scenes lie beside it.
var VirtualCamera = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(Root(), "build", "integration-camera")
	if err := build("cmake", "-S", "firmware", "-B", dir, "-DCAM_TESTS=OFF"); err != nil {
		return "", err
	}
	if err := build("cmake", "--build", dir, "--target", "virtual-camera", "-j", strconv.Itoa(runtime.NumCPU())); err != nil {
		return "", err
	}
	scenes, err := Scenes()
	if err != nil {
		return "", err
	}
	if err := os.Symlink(scenes, filepath.Join(dir, "scenes")); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	return filepath.Join(dir, "virtual-camera"), nil
})

// Scenes renders the scene packs, once a process, and gives their folder.
var Scenes = sync.OnceValues(func() (string, error) {
	return filepath.Join(Root(), "build", "scenes"), build("make", "firmware/scenes")
})

// Firmware builds the emulated camera's firmware and mkflash, once a process, and gives their folder.
var Firmware = sync.OnceValues(func() (string, error) {
	return filepath.Join(Root(), "build", "firmware-qemu"), build("make", "firmware/qemu")
})
