// Package thumbnail makes a small JPEG of a large one.
//
// It owns the decoding, its bounds and the scaling. It knows neither ids nor
// where pictures are kept.
package thumbnail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"

	"golang.org/x/image/draw"

	"home.arpa/nestbox/services/media/jpegcheck"
)

// Width is how wide a thumbnail is, in pixels; a narrower picture keeps its width.
const Width = 320

const (
	// quality of the thumbnail: about 12 KB for a 4:3 picture.
	quality = 75
	// maxDecoded bounds the bytes that the decoder needs, about: a baseline picture
	// of 16 MP fits, a progressive one (whose coefficients are all kept until the
	// last scan) only up to 4 MP. Cameras make baseline pictures.
	maxDecoded = 64 << 20
	// maxKernel bounds the rows that the good scaler keeps, in pixels of 32 bytes;
	// larger pictures get the cheap one.
	maxKernel = 1 << 20
)

// ErrTooCostly means that decoding would take too much memory for a small machine.
var ErrTooCostly = errors.New("picture takes too much memory to decode")

// ErrUndecodable means that the picture cannot be decoded: its markers are in order
// and the data between them is not.
var ErrUndecodable = errors.New("picture cannot be decoded")

// Make reads a JPEG from src and writes its thumbnail to dst. It stops soon after
// ctx ends. Errors of dst and of reading src come back as they are.
func Make(ctx context.Context, dst io.Writer, src io.ReadSeeker) error {
	in := &source{ctx: ctx, r: src}
	frame, err := frameOf(in)
	if err != nil {
		return in.fault(err)
	}
	if cost(frame) > maxDecoded {
		return ErrTooCostly
	}
	if _, err := src.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("rewind picture: %w", err)
	}
	full, err := jpeg.Decode(in)
	if err != nil {
		return in.fault(err)
	}
	if err := jpeg.Encode(dst, scale(full), &jpeg.Options{Quality: quality}); err != nil {
		return fmt.Errorf("encode thumbnail: %w", err)
	}
	return nil
}

// frameOf reads as far as the frame header.
func frameOf(r io.Reader) (jpegcheck.Info, error) {
	var check jpegcheck.Checker
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		_, cerr := check.Write(buf[:n])
		if frame, ok := check.Frame(); ok {
			return frame, nil
		}
		if err = cmp.Or(cerr, err); err != nil {
			return jpegcheck.Info{}, err
		}
	}
}

// cost is the memory in bytes that decoding takes at most.
func cost(f jpegcheck.Info) int {
	perPixel := f.Components // samples, chroma in full resolution
	if f.Progressive {
		perPixel += 4 * f.Components // a 32-bit coefficient for each sample
	}
	if f.Components == 4 {
		perPixel += 4 // CMYK is assembled in a second image
	}
	return f.Width * f.Height * perPixel
}

// scale returns img at most Width wide, in proportion, at least one pixel high.
func scale(img image.Image) image.Image {
	b := img.Bounds()
	if b.Dx() <= Width {
		return img
	}
	height := max(1, (b.Dy()*Width+b.Dx()/2)/b.Dx())
	out := image.NewRGBA(image.Rect(0, 0, Width, height))
	var scaler draw.Scaler = draw.BiLinear
	if Width*b.Dy() > maxKernel {
		scaler = draw.ApproxBiLinear
	}
	scaler.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}

// source reads until its context ends and remembers an error of the reading
// itself, which the decoder may replace with its own.
type source struct {
	ctx context.Context //nolint:containedctx // a Reader has no argument for it
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if s.err = s.ctx.Err(); s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err //nolint:wrapcheck // io.EOF must stay io.EOF
}

// fault tells a picture that cannot be decoded from one that cannot be read.
func (s *source) fault(err error) error {
	if s.err != nil {
		return fmt.Errorf("read picture: %w", s.err)
	}
	return fmt.Errorf("%w: %w", ErrUndecodable, err)
}
