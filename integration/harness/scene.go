package harness

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// Scene is a rendered scene pack (firmware/scenes).
type Scene struct{ jpegs [][]byte }

// ReadScene reads one by its name.
func ReadScene(t *testing.T, name string) Scene {
	t.Helper()
	dir, err := Scenes()
	if err != nil {
		t.Fatal(err)
	}
	pack, err := os.ReadFile(filepath.Join(dir, name+".scene"))
	if err != nil {
		t.Fatal(err)
	}
	return parseScene(pack)
}

// SceneInFlash reads the scene pack in an emulated camera's flash image.
func SceneInFlash(image []byte) Scene {
	const at = 0x100000 // firmware/port/qemu/layout.h
	return parseScene(image[at:])
}

func parseScene(pack []byte) Scene {
	u32 := func(at int) int { return int(binary.LittleEndian.Uint32(pack[at:])) }
	const header, frame, rendition = 32, 16, 12
	frames, renditions := u32(12), u32(20)
	var s Scene
	for i := range frames * renditions {
		entry := header + frames*frame + i*rendition
		s.jpegs = append(s.jpegs, pack[u32(entry+4):][:u32(entry+8)])
	}
	return s
}

// Has tells whether the picture is one of the scene's, byte for byte.
func (s Scene) Has(jpeg []byte) bool {
	for _, j := range s.jpegs {
		if bytes.Equal(j, jpeg) {
			return true
		}
	}
	return false
}
