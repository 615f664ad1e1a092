package datadir

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// InUseError says that another program works on the folder.
type InUseError struct {
	Folder string
	PID    int // 0 when it did not say
}

func (e *InUseError) Error() string {
	who := "another nestbox"
	if e.PID > 0 {
		who = fmt.Sprintf("nestbox with process id %d", e.PID)
	}
	return fmt.Sprintf("%s is in use by %s: stop that one first, or name another folder with --data", e.Folder, who)
}

// Dir is a data folder that this process has for itself.
type Dir struct {
	Path
	lock *os.File
}

// Open makes the folder where it is missing (0700), locks it and returns it. The lock is the kernel's: it goes with the
// process, however that ends. Another holder gives *InUseError.
func Open(path string) (*Dir, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find data folder %s: %w", path, err)
	}
	p := Path(abs)
	// The folder holds the signing key and people's pictures, so it is for its owner only.
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	f, err := os.OpenFile(p.In(lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock of data folder: %w", err)
	}
	if err := take(f); err != nil {
		defer f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, &InUseError{Folder: abs, PID: readPID(f)}
		}
		return nil, fmt.Errorf("lock data folder %s: %w", abs, err)
	}
	// The file itself is never removed: a program that waits to open it would lock a file that nobody else sees.
	if err := errors.Join(f.Truncate(0), writePID(f)); err != nil {
		f.Close()
		return nil, fmt.Errorf("write process id into lock: %w", err)
	}
	return &Dir{Path: p, lock: f}, nil
}

// patience outlasts the moment for which a command such as `nestbox devices` works on the folder of a stopped hub.
const patience = 500 * time.Millisecond

func take(f *os.File) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(patience / 20) {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) || time.Now().After(deadline) {
			return err
		}
	}
}

// Close gives the folder free.
func (d *Dir) Close() error { return d.lock.Close() }

// Holder returns the process id of the program that works on the folder, or 0 when none does. running is true also when the
// id could not be read.
func (p Path) Holder() (pid int, running bool, err error) {
	f, err := os.Open(p.In(lockFile))
	if errors.Is(err, os.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("open lock of data folder: %w", err)
	}
	defer f.Close()
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) // let go of by Close
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return readPID(f), true, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("try lock of data folder: %w", err)
	}
	return 0, false, nil
}

func writePID(f *os.File) error {
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPID(f *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 32))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return pid
}
