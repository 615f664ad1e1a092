package paint

import (
	"image"
	"math"

	"golang.org/x/image/vector"
)

// Shader says which colour a place of the canvas has.
type Shader func(x, y float32) Color

// Flat is one colour everywhere.
func Flat(c Color) Shader { return func(_, _ float32) Color { return c } }

// Between goes from c at a to d at b.
func Between(a Point, c Color, b Point, d Color) Shader {
	dx, dy := b.X-a.X, b.Y-a.Y
	length := dx*dx + dy*dy
	return func(x, y float32) Color {
		return c.Mix(d, Clamp(((x-a.X)*dx+(y-a.Y)*dy)/length, 0, 1))
	}
}

// Brush paints on one canvas. It is not safe for concurrent use.
type Brush struct {
	Canvas *Canvas
	// Clip, if any, says how much of the paint reaches a place, from 0 to 1.
	Clip func(x, y float32) float32

	raster vector.Rasterizer
	mask   []uint8
}

// Fill paints the inside of a path, with alpha from 0 to 1.
func (b *Brush) Fill(path Path, alpha float32, shader Shader) {
	lo, hi := path.bounds()
	x0, y0 := max(0, int(floor(lo.X))), max(0, int(floor(lo.Y)))
	x1, y1 := min(b.Canvas.W, int(floor(hi.X))+1), min(b.Canvas.H, int(floor(hi.Y))+1)
	if x0 >= x1 || y0 >= y1 || alpha <= 0 {
		return
	}
	w, h := x1-x0, y1-y0
	b.raster.Reset(w, h)
	for i, p := range path {
		if i == 0 {
			b.raster.MoveTo(p.X-float32(x0), p.Y-float32(y0))
		} else {
			b.raster.LineTo(p.X-float32(x0), p.Y-float32(y0))
		}
	}
	b.raster.ClosePath()
	if cap(b.mask) < w*h {
		b.mask = make([]uint8, w*h)
	}
	mask := &image.Alpha{Pix: b.mask[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}
	clear(mask.Pix)
	b.raster.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	for y := range h {
		row := b.Canvas.Pix[(y0+y)*b.Canvas.W+x0:]
		for x, cover := range mask.Pix[y*w : y*w+w] {
			if cover == 0 {
				continue
			}
			px, py := float32(x0+x)+0.5, float32(y0+y)+0.5
			amount := alpha * float32(cover) / 255
			if b.Clip != nil {
				amount *= b.Clip(px, py)
			}
			row[x] = row[x].Mix(shader(px, py), amount)
		}
	}
}

// Glaze multiplies a soft ellipse of the canvas by a filter: full in the middle, nothing at the edge. A filter
// below 1 is a shadow, above 1 a highlight. The ellipse is the unit circle placed by at.
func (b *Brush) Glaze(at Affine, filter Color) {
	det := at.X.X*at.Y.Y - at.X.Y*at.Y.X
	if det == 0 {
		return
	}
	rx := float32(math.Hypot(float64(at.X.X), float64(at.Y.X)))
	ry := float32(math.Hypot(float64(at.X.Y), float64(at.Y.Y)))
	x0, y0 := max(0, int(at.Origin.X-rx)), max(0, int(at.Origin.Y-ry))
	x1, y1 := min(b.Canvas.W, int(at.Origin.X+rx)+1), min(b.Canvas.H, int(at.Origin.Y+ry)+1)
	one := Gray(1)
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			dx, dy := float32(x)+0.5-at.Origin.X, float32(y)+0.5-at.Origin.Y
			u, v := (dx*at.Y.Y-dy*at.Y.X)/det, (dy*at.X.X-dx*at.X.Y)/det
			r := u*u + v*v
			if r >= 1 {
				continue
			}
			amount := (1 - r) * (1 - r)
			if b.Clip != nil {
				amount *= b.Clip(float32(x)+0.5, float32(y)+0.5)
			}
			p := &b.Canvas.Pix[y*b.Canvas.W+x]
			*p = p.Mul(one.Mix(filter, amount))
		}
	}
}

func floor(v float32) float32 { return float32(math.Floor(float64(v))) }
