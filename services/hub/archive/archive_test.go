package archive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
)

const picturePath = "pictures/01/0192-abcd.jpg"

// content is what the archives of these tests hold.
var content = map[string]string{
	"token.key": "key", "registry.db": strings.Repeat("r", 9000), "telemetry.db": "t", "media.db": "m", picturePath: "jpeg",
}

// write makes an archive of content.
func write(t *testing.T, dst string) {
	t.Helper()
	src := t.TempDir()
	w, err := Create(dst, "1.2.3", time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for name, text := range content {
		path := filepath.Join(src, filepath.Base(name))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := w.Add(t.Context(), name, path); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Add(t.Context(), "pictures/01/gone.jpg", filepath.Join(src, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a picture that is gone: %v", err)
	}
	if _, err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"b.tar", "b.tar.gz", "b.tgz"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dst, into := filepath.Join(t.TempDir(), name), t.TempDir()
			write(t, dst)
			m, err := Extract(t.Context(), dst, into)
			if err != nil {
				t.Fatal(err)
			}
			if len(m.Files) != len(content) || m.Pictures() != 1 || m.Version != "1.2.3" || m.Bytes() != 9009 {
				t.Errorf("manifest %+v", m)
			}
			for name, want := range content {
				got, err := os.ReadFile(filepath.Join(into, name))
				if err != nil || string(got) != want {
					t.Errorf("%s: %q %v", name, got, err)
				}
			}
			info, err := os.Stat(dst)
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the archive has mode %v %v, want 600: it holds the signing key", info.Mode(), err)
			}
			left, _ := filepath.Glob(filepath.Join(filepath.Dir(dst), ".*"))
			if len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

func TestCutOrChangedArchiveIsRefused(t *testing.T) {
	t.Parallel()
	dst := filepath.Join(t.TempDir(), "b.tar")
	write(t, dst)
	whole, err := os.ReadFile(dst)
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string][]byte{"empty": {}, "no archive": []byte("hello, this is a letter")}
	for cut := 0; cut < len(whole)-2048; cut += 512 { // after that only the end marker is cut, which carries nothing
		broken["cut at "+time.Duration(cut).String()] = whole[:cut]
	}
	flipped := bytes.Replace(whole, []byte("jpeg"), []byte("jpeX"), 1)
	broken["a changed picture"] = flipped
	for name, data := range broken {
		src := filepath.Join(t.TempDir(), "x")
		if err := os.WriteFile(src, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Extract(t.Context(), src, t.TempDir()); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestEntriesThatNoHubWritesAreRefused(t *testing.T) {
	t.Parallel()
	good := tar.Header{Name: "token.key", Typeflag: tar.TypeReg}
	for name, entries := range map[string][]tar.Header{
		"parent":           {{Name: "../token.key", Typeflag: tar.TypeReg}},
		"parent below":     {{Name: "pictures/../../x.jpg", Typeflag: tar.TypeReg}},
		"absolute":         {{Name: "/etc/passwd", Typeflag: tar.TypeReg}},
		"backslash":        {{Name: `pictures\..\x.jpg`, Typeflag: tar.TypeReg}},
		"hidden":           {{Name: "pictures/.ssh.jpg", Typeflag: tar.TypeReg}},
		"lock":             {{Name: "nestbox.lock", Typeflag: tar.TypeReg}},
		"write-ahead log":  {{Name: "registry.db-wal", Typeflag: tar.TypeReg}},
		"deep":             {{Name: "pictures/a/b/c/d.jpg", Typeflag: tar.TypeReg}},
		"folder":           {{Name: "pictures/", Typeflag: tar.TypeDir}},
		"symbolic link":    {{Name: "pictures/01.jpg", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink}},
		"hard link":        {{Name: "token.key", Linkname: "/etc/shadow", Typeflag: tar.TypeLink}},
		"device":           {{Name: "token.key", Typeflag: tar.TypeChar}},
		"twice":            {good, good},
		"file, then below": {{Name: "pictures/a.jpg", Typeflag: tar.TypeReg}, {Name: "pictures/a.jpg/b.jpg", Typeflag: tar.TypeReg}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			outside := t.TempDir()
			into := filepath.Join(outside, "into")
			if err := os.Mkdir(into, 0o700); err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			for _, h := range entries {
				if err := w.WriteHeader(&h); err != nil {
					t.Fatal(err)
				}
			}
			manifest := `{"format":1,"files":[]}`
			if err := w.WriteHeader(&tar.Header{Name: manifestName, Size: int64(len(manifest)), Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(manifest)); err != nil {
				t.Fatal(err)
			}
			src := filepath.Join(t.TempDir(), "x.tar")
			if err := os.WriteFile(src, b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := Extract(t.Context(), src, into); err == nil {
				t.Error("accepted")
			}
			around, err := os.ReadDir(outside)
			if err != nil || len(around) != 1 {
				t.Errorf("written outside: %v %v", around, err)
			}
		})
	}
}

func FuzzNames(f *testing.F) {
	for _, name := range []string{picturePath, "token.key", "../x", "pictures/a\x00.jpg", "pictures/..jpg", "pictures//a.jpg", "pictures/a.jpg\n"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if checkName(name) == nil && (!filepath.IsLocal(name) || strings.ContainsAny(name, "\\:\x00\n") || strings.Contains(name, "..")) {
			t.Errorf("%q was let through", name)
		}
	})
}

func TestInstallPutsFormerDataAside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder, staged, aside := datadir.Path(dir), filepath.Join(dir, ".staged"), filepath.Join(dir, "former")
	put := func(path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(folder.In("registry.db"), "old")
	put(folder.In("registry.db-wal"), "old log")
	put(folder.In("pictures/01/old.jpg"), "old")
	put(folder.In("nestbox.lock"), "1")
	put(filepath.Join(staged, "registry.db"), "new")
	put(filepath.Join(staged, "pictures/02/new.jpg"), "new")

	if err := Install(folder, staged, aside); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		folder.In("registry.db"): "new", folder.In("pictures/02/new.jpg"): "new", folder.In("nestbox.lock"): "1",
		filepath.Join(aside, "registry.db-wal"): "old log", filepath.Join(aside, "pictures/01/old.jpg"): "old",
	} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q %v", path, got, err)
		}
	}
	for _, gone := range []string{folder.In("registry.db-wal"), folder.In("pictures/01"), staged} {
		if _, err := os.Lstat(gone); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", gone)
		}
	}
	if err := folder.Whole(); err != nil {
		t.Error(err)
	}
}

func TestInterruptedInstallKeepsAHubFromStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := datadir.Path(dir)
	if err := os.WriteFile(folder.In("media.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Install(folder, filepath.Join(dir, "missing"), filepath.Join(dir, "former")); err == nil {
		t.Fatal("installed what is not there")
	}
	if err := folder.Whole(); err == nil || !strings.Contains(err.Error(), "restore --force") {
		t.Errorf("whole: %v", err)
	}
}
