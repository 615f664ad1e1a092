// Package paint draws anti-aliased shapes on a canvas of linear light. It knows nothing of nest boxes.
package paint

import "math"

// Color is linear light: 1 is what a white wall gives in full light, more is brighter than that.
type Color struct{ R, G, B float32 }

// Gray is a colour without hue.
func Gray(v float32) Color { return Color{v, v, v} }

// SRGB makes a colour from the numbers that colour pickers show, 0 to 255.
func SRGB(r, g, b uint8) Color {
	return Color{decode(r), decode(g), decode(b)}
}

func decode(v uint8) float32 {
	return float32(math.Pow((float64(v)/255+0.055)/1.055, 2.4))
}

// Mul filters light by a colour.
func (c Color) Mul(d Color) Color { return Color{c.R * d.R, c.G * d.G, c.B * d.B} }

// Scale makes light stronger or weaker.
func (c Color) Scale(f float32) Color { return Color{c.R * f, c.G * f, c.B * f} }

// Add puts light on light.
func (c Color) Add(d Color) Color { return Color{c.R + d.R, c.G + d.G, c.B + d.B} }

// Mix goes from c at 0 to d at 1.
func (c Color) Mix(d Color, t float32) Color {
	return Color{c.R + (d.R-c.R)*t, c.G + (d.G-c.G)*t, c.B + (d.B-c.B)*t}
}

// Luma is how bright an eye, or a grey sensor, finds the colour.
func (c Color) Luma() float32 { return 0.2126*c.R + 0.7152*c.G + 0.0722*c.B }

// Canvas is a picture with its rows from the top.
type Canvas struct {
	W, H int
	Pix  []Color
}

// NewCanvas is black.
func NewCanvas(w, h int) *Canvas {
	return &Canvas{W: w, H: h, Pix: make([]Color, w*h)}
}

// Average adds src, weighted, for pictures made of several moments.
func (c *Canvas) Average(src *Canvas, weight float32) {
	for i, p := range src.Pix {
		c.Pix[i] = c.Pix[i].Add(p.Scale(weight))
	}
}

// Smooth goes from 0 at lo to 1 at hi without corners.
func Smooth(lo, hi, v float32) float32 {
	t := Clamp((v-lo)/(hi-lo), 0, 1)
	return t * t * (3 - 2*t)
}

// Clamp keeps v between lo and hi.
func Clamp(v, lo, hi float32) float32 { return max(lo, min(hi, v)) }
