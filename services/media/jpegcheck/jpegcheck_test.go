package jpegcheck_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"testing"

	"home.arpa/nestbox/services/media/jpegcheck"
)

// check feeds b in pieces of size bytes (0: all at once).
func check(b []byte, size int) (jpegcheck.Info, error) {
	var c jpegcheck.Checker
	if size == 0 {
		size = max(len(b), 1)
	}
	for len(b) > 0 {
		n := min(size, len(b))
		if _, err := c.Write(b[:n]); err != nil {
			break
		}
		b = b[n:]
	}
	return c.Finish()
}

func TestWholePicturesPassInPiecesOfAnySize(t *testing.T) {
	t.Parallel()
	for name, b := range pictures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, err := check(b, 0)
			if err != nil {
				t.Fatalf("whole: %v", err)
			}
			for _, size := range []int{1, 2, 3, 7, 64} {
				if got, err := check(b, size); err != nil || got != want {
					t.Errorf("in pieces of %d: %+v, %v; want %+v", size, got, err, want)
				}
			}
			if cfg, err := jpeg.DecodeConfig(bytes.NewReader(b)); err == nil && (cfg.Width != want.Width || cfg.Height != want.Height) {
				t.Errorf("dimensions %dx%d, image/jpeg reads %dx%d", want.Width, want.Height, cfg.Width, cfg.Height)
			}
		})
	}
}

// TestCutAnywhereIsRefused is the promise of the package: no proper prefix of a
// picture is a picture.
func TestCutAnywhereIsRefused(t *testing.T) {
	t.Parallel()
	for name, b := range pictures(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range b {
				if _, err := check(b[:n], 0); !errors.Is(err, jpegcheck.ErrCut) {
					t.Fatalf("first %d of %d bytes: %v, want ErrCut", n, len(b), err)
				}
			}
		})
	}
}

func TestHeadCutOffIsRefused(t *testing.T) {
	t.Parallel()
	for name, b := range pictures(t) {
		for n := 1; n < len(b); n++ {
			if _, err := check(b[n:], 0); err == nil {
				t.Fatalf("%s without its first %d bytes passed", name, n)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, jpegcheck.ErrCut},
		{"text", []byte("hello"), jpegcheck.ErrNotJPEG},
		{"png", []byte("\x89PNG\r\n\x1a\n"), jpegcheck.ErrNotJPEG},
		{"half a start", []byte{0xFF, 0xAB}, jpegcheck.ErrNotJPEG},
		{"start and text", []byte{0xFF, 0xD8, 'a'}, jpegcheck.ErrNotJPEG},
		{"start and stuffing", []byte{0xFF, 0xD8, 0xFF, 0x00}, jpegcheck.ErrNotJPEG},
		{"start twice", join(start, start), jpegcheck.ErrNotJPEG},
		{"start and end", join(start, end), jpegcheck.ErrMalformed},
		{"no scan", handmade(end), jpegcheck.ErrMalformed},
		{"scan without data", handmade(scanHeader, end), jpegcheck.ErrMalformed},
		{"scan before frame", join(start, table, scan, end), jpegcheck.ErrMalformed},
		{"two frames", handmade(frame, scan, end), jpegcheck.ErrMalformed},
		{"restart outside a scan", handmade([]byte{0xFF, 0xD0}, scan, end), jpegcheck.ErrMalformed},
		{"segment of length 1", handmade([]byte{0xFF, 0xFE, 0, 1}, scan, end), jpegcheck.ErrMalformed},
		{"frame header too short", join(start, table, []byte{0xFF, 0xC0, 0, 5, 8, 0, 8}, scan, end), jpegcheck.ErrMalformed},
		{"frame header without length", join(start, table, []byte{0xFF, 0xC0, 0, 2}, scan, end), jpegcheck.ErrMalformed},
		{"frame header too long", join(start, table, []byte{0xFF, 0xC0, 1, 0}, scan, end), jpegcheck.ErrMalformed},
		{"no components", join(start, table, []byte{0xFF, 0xC0, 0, 8, 8, 0, 8, 0, 8, 0}, scan, end), jpegcheck.ErrMalformed},
		{"scan of more components than the frame", handmade([]byte{0xFF, 0xDA, 0, 10, 2, 1, 0, 2, 0, 0, 63, 0, 9}, end), jpegcheck.ErrMalformed},
		{"height given later", handmade(scan, []byte{0xFF, 0xDC, 0, 4, 0, 8}, end), jpegcheck.ErrMalformed},
		{"12-bit samples", join(start, table, []byte{0xFF, 0xC1, 0, 11, 12, 0, 8, 0, 16, 1, 1, 0x11, 0}, scan, end), jpegcheck.ErrUnsupported},
		{"lossless", join(start, table, []byte{0xFF, 0xC3, 0, 11, 8, 0, 8, 0, 16, 1, 1, 0x11, 0}, scan, end), jpegcheck.ErrUnsupported},
		{"zero wide", join(start, table, sized(0, 8), scan, end), jpegcheck.ErrSize},
		{"zero high", join(start, table, sized(8, 0), scan, end), jpegcheck.ErrSize},
		{"too wide", join(start, table, sized(8193, 8), scan, end), jpegcheck.ErrSize},
		{"too many pixels", join(start, table, sized(4001, 4000), scan, end), jpegcheck.ErrSize},
		{"byte after the end", handmade(scan, end, []byte{0}), jpegcheck.ErrTrailing},
		{"picture after the end", handmade(scan, end, start), jpegcheck.ErrTrailing},
		{"more scans than any encoder writes", handmade(bytes.Repeat(scan, jpegcheck.MaxScans+1), end), jpegcheck.ErrMalformed},
		{"arithmetic coding", read(t, "testdata/arithmetic.jpg"), jpegcheck.ErrUnsupported},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, size := range []int{0, 1} {
				if _, err := check(tc.b, size); !errors.Is(err, tc.want) {
					t.Errorf("pieces of %d: %v, want %v", size, err, tc.want)
				}
			}
		})
	}
}

func TestLimitsAreInclusive(t *testing.T) {
	t.Parallel()
	for _, side := range [][2]int{{1, 1}, {8192, 1}, {1, 8192}, {4000, 4000}, {8192, 1953}} {
		info, err := check(join(start, table, sized(side[0], side[1]), scan, end), 0)
		if err != nil || info.Width != side[0] || info.Height != side[1] {
			t.Errorf("%v: %+v, %v", side, info, err)
		}
	}
}

func TestErrorIsFinal(t *testing.T) {
	t.Parallel()
	var c jpegcheck.Checker
	n, err := c.Write([]byte{0xFF, 0xD8, 0xFF, 0xDB, 0, 4, 1, 2, 'x', 'y'})
	if n != 8 || !errors.Is(err, jpegcheck.ErrMalformed) || c.Offset() != 8 {
		t.Fatalf("Write = %d, %v at %d", n, err, c.Offset())
	}
	if n, err := c.Write(handmade(scan, end)); n != 0 || !errors.Is(err, jpegcheck.ErrMalformed) {
		t.Errorf("second Write = %d, %v", n, err)
	}
	if _, err := c.Finish(); !errors.Is(err, jpegcheck.ErrMalformed) {
		t.Errorf("Finish = %v", err)
	}
}

func TestCheckerAllocatesNothing(t *testing.T) {
	b := read(t, "testdata/progressive-420.jpg")
	var c jpegcheck.Checker
	if got := testing.AllocsPerRun(100, func() {
		c = jpegcheck.Checker{}
		_, _ = c.Write(b)
		_, _ = c.Finish()
	}); got != 0 {
		t.Errorf("%v allocations, want 0", got)
	}
}

func FuzzChecker(f *testing.F) {
	for _, b := range pictures(f) {
		f.Add(b, uint8(3))
	}
	f.Add(join(start, end), uint8(1))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		want, wantErr := check(b, 0)
		got, err := check(b, int(size)+1)
		if got != want || !errors.Is(err, wantErr) {
			t.Fatalf("pieces of %d: %+v, %v; whole: %+v, %v", int(size)+1, got, err, want, wantErr)
		}
		if wantErr != nil {
			return
		}
		if _, err := check(b[:len(b)-1], 0); !errors.Is(err, jpegcheck.ErrCut) {
			t.Fatalf("without its last byte: %v", err)
		}
		if cfg, err := jpeg.DecodeConfig(bytes.NewReader(b)); err == nil && (cfg.Width != want.Width || cfg.Height != want.Height) {
			t.Fatalf("dimensions %dx%d, image/jpeg reads %dx%d", want.Width, want.Height, cfg.Width, cfg.Height)
		}
	})
}

func BenchmarkChecker(b *testing.B) {
	picture := read(b, "testdata/baseline-422.jpg")
	b.SetBytes(int64(len(picture)))
	for b.Loop() {
		if _, err := check(picture, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
