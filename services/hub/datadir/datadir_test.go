package datadir

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSecondOpenNamesTheProcess(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "new", "folder")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var inUse *InUseError
	if _, err := Open(path); !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Errorf("second open: %v, want in use by %d", err, os.Getpid())
	}
	if pid, running, err := Path(path).Holder(); pid != os.Getpid() || !running || err != nil {
		t.Errorf("holder %d %v %v", pid, running, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, running, err := Path(path).Holder(); running || err != nil {
		t.Errorf("still held after close: %v", err)
	}
	again, err := Open(path)
	if err != nil {
		t.Fatalf("open after close: %v", err)
	}
	again.Close()
}

func TestFolderIsForItsOwnerOnly(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode %o, want 700", got)
	}
}

func TestDefaultFolder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"systemd", map[string]string{"STATE_DIRECTORY": "/var/lib/nestbox", "HOME": "/root"}, "/var/lib/nestbox"},
		{"several state folders", map[string]string{"STATE_DIRECTORY": "/a:/b", "HOME": "/h"}, "/h/.local/share/nestbox"},
		{"xdg", map[string]string{"XDG_DATA_HOME": "/x", "HOME": "/h"}, "/x/nestbox"},
		{"relative xdg is ignored", map[string]string{"XDG_DATA_HOME": "x", "HOME": "/h"}, "/h/.local/share/nestbox"},
		{"home", map[string]string{"HOME": "/h"}, "/h/.local/share/nestbox"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Default(func(k string) string { return tt.env[k] })
			if err != nil || got != tt.want {
				t.Errorf("got %q %v, want %q", got, err, tt.want)
			}
		})
	}
	if _, err := Default(func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "--data") {
		t.Errorf("empty environment: %v, want advice", err)
	}
}

func TestExistsExplains(t *testing.T) {
	t.Parallel()
	empty := t.TempDir()
	for path, want := range map[string]string{filepath.Join(empty, "x"): "does not exist", empty: "holds no hub's data"} {
		if err := Path(path).Exists(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
