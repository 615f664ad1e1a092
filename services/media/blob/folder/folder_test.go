package folder

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/blobtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const id = "018e0000-0000-7000-8000-000000000001"

func open(t *testing.T, path string) *Folder {
	t.Helper()
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestBlobs(t *testing.T) {
	t.Parallel()
	blobtest.Exercise(t, func(t *testing.T) media.Blobs {
		return open(t, filepath.Join(t.TempDir(), "data", "pictures"))
	})
}

// files lists all files below path.
func files(t *testing.T, path string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(path, func(name string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(path, name)
			names = append(names, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func stage(t *testing.T, f *Folder, content string) media.Staged {
	t.Helper()
	s, err := f.Stage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(s, content); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLayoutAndModes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pictures")
	f := open(t, path)
	if err := stage(t, f, "x").Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if got := files(t, path); !slices.Equal(got, []string{"018e00/" + id + ".jpg"}) {
		t.Errorf("files %v", got)
	}
	for name, want := range map[string]os.FileMode{".": 0o700, "incoming": 0o700, "018e00": 0o700, "018e00/" + id + ".jpg": 0o600} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
	if err := f.Remove(t.Context(), []string{id}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(path, "018e00")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the empty subfolder stays: %v", err)
	}
}

func TestSweepRemovesWhatTheDeadLeft(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f := open(t, path)
	dead := filepath.Join(path, "incoming", "DEADPROCESS-1.part")
	foreign := filepath.Join(path, "incoming", "notes.txt")
	for _, name := range []string{dead, foreign} {
		if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// Another process that lives: it holds its file.
	other := open(t, path)
	living := stage(t, other, "under way")
	if n, err := f.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("Sweep = %d, %v; want 1", n, err)
	}
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("leftover stays: %v", err)
	}
	if _, err := os.Stat(foreign); err != nil {
		t.Errorf("a file that is not ours: %v", err)
	}
	if err := living.Commit(t.Context(), id); err != nil {
		t.Errorf("the living process's upload: %v", err)
	}
}

func TestWalkReportsWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f := open(t, path)
	if err := stage(t, f, "x").Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	foreign := []string{
		"018e00/" + id + ".jpg.bak",
		"018e00/018f0000-0000-7000-8000-000000000001.jpg", // in the wrong subfolder
		"018e00/readme.txt",
		"lost+found",
		"zzzzzz",
	}
	for _, name := range foreign {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(path, "018e00", "018e0000-0000-7000-8000-000000000009.jpg")); err != nil {
		t.Fatal(err)
	}
	foreign = append(foreign, "018e00/018e0000-0000-7000-8000-000000000009.jpg")
	var ours, unknown []string
	if err := f.Walk(t.Context(), func(e media.Entry) error {
		if e.ID != "" {
			ours = append(ours, e.ID)
		} else {
			unknown = append(unknown, e.Name)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(unknown)
	slices.Sort(foreign)
	if !slices.Equal(ours, []string{id}) || !slices.Equal(unknown, foreign) {
		t.Errorf("ours %v, unknown %v; want unknown %v", ours, unknown, foreign)
	}
}

func TestLinkOutOfTheFolderIsNotFollowed(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	f := open(t, path)
	if err := os.Mkdir(filepath.Join(path, "018e00"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(path, "018e00", id+".jpg")); err != nil {
		t.Fatal(err)
	}
	if b, err := f.Open(t.Context(), id); err == nil {
		b.Close()
		t.Error("a link out of the folder was opened")
	}
}

// fullFile runs out of room after some bytes, or when synced.
type fullFile struct {
	file
	room   int
	onSync bool
}

func (f *fullFile) Write(p []byte) (int, error) {
	if f.onSync {
		return f.file.Write(p)
	}
	n := min(len(p), f.room)
	f.room -= n
	if _, err := f.file.Write(p[:n]); err != nil || n == len(p) {
		return n, err
	}
	return n, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
}

func (f *fullFile) Sync() error {
	if f.onSync {
		return &os.PathError{Op: "sync", Path: "x", Err: syscall.ENOSPC}
	}
	return f.file.Sync()
}

func TestFullDiskLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, onSync := range map[string]bool{"while writing": false, "while syncing": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			f := open(t, path)
			f.create = func(name string) (file, error) {
				created, err := f.createFile(name)
				return &fullFile{file: created, room: 1000, onSync: onSync}, err
			}
			s, err := f.Stage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			_, err = io.WriteString(s, strings.Repeat("x", 5000))
			if err == nil {
				err = s.Commit(t.Context(), id)
			}
			if !errors.Is(err, media.ErrFull) {
				t.Errorf("error %v, want ErrFull", err)
			}
			if left := files(t, path); len(left) != 0 {
				t.Errorf("files left: %v", left)
			}
			if err := s.Discard(); err != nil {
				t.Errorf("Discard after the failure: %v", err)
			}
		})
	}
}

// TestReallyFullDisk fills a file system of 1 MiB. Only root may mount one; for other
// users TestFullDiskLeavesNothing says the same with a file that is made to fail.
func TestReallyFullDisk(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	if os.Geteuid() == 0 && syscall.Mount("tmpfs", path, "tmpfs", 0, "size=1m") == nil {
		t.Cleanup(func() { _ = syscall.Unmount(path, syscall.MNT_DETACH) })
	} else {
		t.Log("not allowed to mount a small file system here")
		return
	}
	f := open(t, path)
	s, err := f.Stage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(make([]byte, 2<<20)); !errors.Is(err, media.ErrFull) {
		t.Errorf("Write = %v, want ErrFull", err)
	}
	if left := files(t, path); len(left) != 0 {
		t.Errorf("files left: %v", left)
	}
	if free, known, err := f.Free(t.Context()); err != nil || !known || free < 900<<10 || free > 1<<20 {
		t.Errorf("Free = %d, %v, %v after the failure; want about 1 MiB", free, known, err)
	}
	if err := stage(t, f, "small").Commit(t.Context(), id); err != nil {
		t.Errorf("a small one afterwards: %v", err)
	}
}

func TestFolderTakenAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pictures")
	f := open(t, path)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := f.Ping(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Ping = %v, want Unavailable", err)
	}
	if _, err := f.Stage(t.Context()); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("Stage = %v, want Unavailable", err)
	}
}
