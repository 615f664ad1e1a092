package jpegcheck_test

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"
)

// pictures are whole JPEGs of every kind that a camera or a person may send:
// testdata (made with libjpeg-turbo's cjpeg from a drawn scene), what image/jpeg
// encodes, and hand-made ones with what encoders rarely write.
func pictures(t testing.TB) map[string][]byte {
	t.Helper()
	all := map[string][]byte{
		"encoded colour": encode(t, 40, 30, false),
		"encoded grey":   encode(t, 17, 9, true),
		"one pixel":      encode(t, 1, 1, true),
		"fill bytes":     handmade([]byte{0xFF, 0xFF, 0xFF}, scan, []byte{0xFF, 0xFF}, end),
		"stuffed":        handmade(scanHeader, []byte{0xFF, 0x00, 0xFF, 0x00}, end),
		"restarts":       handmade(scanHeader, []byte{1, 0xFF, 0xD0, 2, 0xFF, 0xD1, 3}, end),
		"two scans":      handmade(scan, table, scan, end),
		"empty comment":  handmade([]byte{0xFF, 0xFE, 0, 2}, scan, end),
		// An end marker inside a segment is content, as in a thumbnail in EXIF.
		"end in a segment": handmade([]byte{0xFF, 0xE1, 0, 6, 0xFF, 0xD8, 0xFF, 0xD9}, scan, end),
	}
	files, err := filepath.Glob("testdata/[bp]*.jpg")
	if err != nil || len(files) != 5 {
		t.Fatalf("testdata holds %d pictures, want 5 (%v)", len(files), err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = b
	}
	return all
}

func encode(t testing.TB, w, h int, grey bool) []byte {
	t.Helper()
	var img image.Image
	if grey {
		g := image.NewGray(image.Rect(0, 0, w, h))
		for i := range g.Pix {
			g.Pix[i] = uint8(i * 37)
		}
		img = g
	} else {
		c := image.NewRGBA(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				c.SetRGBA(x, y, color.RGBA{uint8(x * 6), uint8(y * 8), uint8(x * y), 255})
			}
		}
		img = c
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Parts of a hand-made picture: one grey component, 16 by 8 pixels.
var (
	start      = []byte{0xFF, 0xD8}
	table      = []byte{0xFF, 0xDB, 0, 4, 0xAA, 0xBB}
	frame      = []byte{0xFF, 0xC0, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0}
	scanHeader = []byte{0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0}
	scan       = append(bytes.Clone(scanHeader), 0x12, 0x34)
	end        = []byte{0xFF, 0xD9}
)

// handmade puts parts behind a start, a table and a frame header.
func handmade(parts ...[]byte) []byte {
	return join(append([][]byte{start, table, frame}, parts...)...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// sized is a frame header with another width and height.
func sized(w, h int) []byte {
	f := bytes.Clone(frame)
	f[5], f[6], f[7], f[8] = byte(h>>8), byte(h), byte(w>>8), byte(w)
	return f
}
