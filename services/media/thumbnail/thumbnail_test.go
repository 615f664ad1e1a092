package thumbnail_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"
	"testing"

	"home.arpa/nestbox/services/media/thumbnail"
)

func encode(t testing.TB, img image.Image) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

// halves is red on the left and blue on the right.
func halves(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{200, 0, 0, 255}
			if x >= w/2 {
				c = color.RGBA{0, 0, 200, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ w, h, wantW, wantH int }{
		{1600, 1200, 320, 240}, {800, 600, 320, 240}, {321, 10, 320, 10}, {320, 240, 320, 240}, {160, 120, 160, 120},
		{1, 1, 1, 1}, {8192, 1, 320, 1}, {1, 8192, 1, 8192}, {1000, 333, 320, 107}, {400, 5000, 320, 4000},
	} {
		var out bytes.Buffer
		if err := thumbnail.Make(t.Context(), &out, encode(t, halves(tc.w, tc.h))); err != nil {
			t.Errorf("%dx%d: %v", tc.w, tc.h, err)
			continue
		}
		got, err := jpeg.DecodeConfig(&out)
		if err != nil || got.Width != tc.wantW || got.Height != tc.wantH {
			t.Errorf("%dx%d became %dx%d, %v; want %dx%d", tc.w, tc.h, got.Width, got.Height, err, tc.wantW, tc.wantH)
		}
	}
}

func TestShowsTheSameScene(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := thumbnail.Make(t.Context(), &out, encode(t, halves(1600, 1200))); err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if r, _, b, _ := img.At(80, 120).RGBA(); r>>8 < 150 || b>>8 > 50 {
		t.Errorf("left is not red: %d, %d", r>>8, b>>8)
	}
	if r, _, b, _ := img.At(240, 120).RGBA(); r>>8 > 50 || b>>8 < 150 {
		t.Errorf("right is not blue: %d, %d", r>>8, b>>8)
	}
}

func TestKindsOfJPEG(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../jpegcheck/testdata/[bp]*.jpg")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		if filepath.Base(name) == "progressive-422-restart.jpg" {
			continue // image/jpeg cannot decode restart markers in a progressive picture (Go 1.26)
		}
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := thumbnail.Make(t.Context(), io.Discard, bytes.NewReader(b)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// progressive is a picture's head that says it is progressive and large.
func progressive(w, h int) *bytes.Reader {
	return bytes.NewReader([]byte{
		0xFF, 0xD8, 0xFF, 0xC2, 0, 17, 8, byte(h >> 8), byte(h), byte(w >> 8), byte(w), 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0,
		0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 0xFF, 0xD9,
	})
}

type failing struct{ *bytes.Reader }

var errDisk = errors.New("disk")

func (failing) Read([]byte) (int, error) { return 0, errDisk }

func TestRefusals(t *testing.T) {
	t.Parallel()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	whole := encode(t, halves(640, 480))
	body, err := io.ReadAll(whole)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		ctx  context.Context
		src  io.ReadSeeker
		want error
	}{
		"large and progressive": {t.Context(), progressive(4000, 3000), thumbnail.ErrTooCostly},
		"garbage":               {t.Context(), bytes.NewReader([]byte("not a picture")), thumbnail.ErrUndecodable},
		"empty":                 {t.Context(), bytes.NewReader(nil), thumbnail.ErrUndecodable},
		"markers without data":  {t.Context(), progressive(40, 30), thumbnail.ErrUndecodable},
		"cut":                   {t.Context(), bytes.NewReader(body[:len(body)/2]), thumbnail.ErrUndecodable},
		"disk failure":          {t.Context(), failing{bytes.NewReader(body)}, errDisk},
		"given up":              {done, bytes.NewReader(body), context.Canceled},
	} {
		if err := thumbnail.Make(tc.ctx, io.Discard, tc.src); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
}

// BenchmarkMake is one UXGA picture, the largest of the camera's usual sizes.
func BenchmarkMake(b *testing.B) {
	img := image.NewYCbCr(image.Rect(0, 0, 1600, 1200), image.YCbCrSubsampleRatio422)
	for i := range img.Y {
		img.Y[i] = uint8(i * 7 >> 3)
	}
	src := encode(b, img)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := src.Seek(0, io.SeekStart); err != nil {
			b.Fatal(err)
		}
		if err := thumbnail.Make(b.Context(), io.Discard, src); err != nil {
			b.Fatal(err)
		}
	}
}
