package emulated

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"home.arpa/nestbox/integration/harness"
)

// What mkflash refuses: the words that its sentence must hold, and no image is left.
func TestMkflashRefuses(t *testing.T) {
	t.Parallel()
	dir, scenes := built(t)
	scene := filepath.Join(scenes, "empty.scene")
	cut := filepath.Join(t.TempDir(), "cut.scene")
	whole, err := os.ReadFile(scene)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	firmware := filepath.Join(dir, "firmware.bin")
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"nothing":              {nil, "usage"},
		"an unknown option":    {[]string{"--colour", "red"}, "usage"},
		"an option's value":    {[]string{"--show"}, "usage"},
		"an id of 5 bytes":     {[]string{"--firmware", firmware, "--scene", scene, "--id", "24:6F:28:AA:BB"}, "--id"},
		"an id of 7 bytes":     {[]string{"--firmware", firmware, "--scene", scene, "--id", "24:6F:28:AA:BB:CC:DD"}, "--id"},
		"a group's id":         {[]string{"--firmware", firmware, "--scene", scene, "--id", "01:00:5E:00:00:FB"}, "--id"},
		"a hub without port":   {[]string{"--firmware", firmware, "--scene", scene, "--id", "246f28aabbcc", "--hub", "hub"}, "--hub"},
		"a hub on port 0":      {[]string{"--firmware", firmware, "--scene", scene, "--id", "246f28aabbcc", "--hub", "hub:0"}, "--hub"},
		"a hub on port 65536":  {[]string{"--firmware", firmware, "--scene", scene, "--id", "246f28aabbcc", "--hub", "hub:65536"}, "--hub"},
		"a hub of 64 letters":  {[]string{"--firmware", firmware, "--scene", scene, "--id", "246f28aabbcc", "--hub", strings.Repeat("h", 64) + ":1"}, "--hub"},
		"a key of 129 letters": {[]string{"--firmware", firmware, "--scene", scene, "--id", "246f28aabbcc", "--enrolment-key", strings.Repeat("k", 129)}, "--enrolment-key"},
		"a scene that was cut": {[]string{"--firmware", firmware, "--scene", cut, "--id", "246f28aabbcc"}, "whole scene"},
		"no firmware":          {[]string{"--firmware", filepath.Join(dir, "none"), "--scene", scene, "--id", "246f28aabbcc"}, "none"},
		"firmware too large":   {[]string{"--firmware", filepath.Join(scenes, "nestbox.scene"), "--scene", scene, "--id", "246f28aabbcc"}, "1048576 bytes"},
		"to show no image":     {[]string{"--show", scene}, "4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			image := filepath.Join(t.TempDir(), "flash.img")
			args := test.args
			if len(args) > 2 {
				args = append(args, "--out", image)
			}
			out, err := exec.Command(filepath.Join(dir, "mkflash"), args...).CombinedOutput()
			if err == nil || !strings.Contains(string(out), test.want) {
				t.Errorf("%v: %s, want a sentence with %q", err, out, test.want)
			}
			if _, err := os.Stat(image); err == nil {
				t.Error("an image was left")
			}
		})
	}
}

// Two images of one identity are two cameras: nobody can tell the secret of one from the other.
func TestImagesDiffer(t *testing.T) {
	t.Parallel()
	dir, scenes := built(t)
	var images [2]string
	for i := range images {
		path := filepath.Join(t.TempDir(), "flash.img")
		out, err := exec.Command(filepath.Join(dir, "mkflash"), "--firmware", filepath.Join(dir, "firmware.bin"),
			"--scene", filepath.Join(scenes, "empty.scene"), "--id", "24-6f-28-aa-bb-cc", "--out", path).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		image, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if len(image) != 4<<20 {
			t.Errorf("an image of %d bytes", len(image))
		}
		images[i] = string(image)
	}
	if images[0] == images[1] {
		t.Error("both images have the same seed")
	}
}

func built(t *testing.T) (firmware, scenes string) {
	t.Helper()
	firmware, err := harness.Firmware()
	if err != nil {
		t.Fatal(err)
	}
	scenes, err = harness.Scenes()
	if err != nil {
		t.Fatal(err)
	}
	return firmware, scenes
}
