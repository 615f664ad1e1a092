package nest

import (
	"sync"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// Set is the box without its birds: what every picture of one size begins with. It is not changed after it is
// built and is safe for concurrent use.
type Set struct {
	lens   lens
	albedo *paint.Canvas
	lit    []lit
	glow   *paint.Canvas // what comes through the hole in full daylight
	hole   paint.Point
	holeCM float32 // pixels a centimetre at the hole
}

// NewSet builds the box for pictures of w x h pixels. It takes about a second of computing for VGA.
func NewSet(w, h int) *Set {
	s := &Set{
		lens:   lens{float32(w), float32(h)},
		albedo: paint.NewCanvas(w, h),
		lit:    make([]lit, w*h),
		glow:   paint.NewCanvas(w, h),
	}
	s.hole, s.holeCM = s.lens.project(vec{0, holeY, frontZ})
	var rows sync.WaitGroup
	const bands = 8
	for band := range bands {
		rows.Go(func() {
			for y := h * band / bands; y < h*(band+1)/bands; y++ {
				for x := range w {
					s.see(x, y)
				}
			}
		})
	}
	rows.Wait()
	weave(s)
	return s
}

// see looks at four places of a pixel.
func (s *Set) see(x, y int) {
	i := y*s.albedo.W + x
	for _, offset := range [4][2]float32{{0.375, 0.125}, {0.875, 0.375}, {0.125, 0.625}, {0.625, 0.875}} {
		dir := s.lens.ray(float32(x)+offset[0], float32(y)+offset[1])
		h := look(eye, dir)
		switch h.what {
		case outside:
			s.glow.Pix[i] = s.glow.Pix[i].Add(garden(dir).Scale(0.25))
		case tunnel:
			c := wood(h.at.x*2, h.at.z*0.2, 1).Scale(1.5 + 0.5*h.normal.y)
			s.glow.Pix[i] = s.glow.Pix[i].Add(c.Mul(dayColor).Scale(0.25))
		case front, side:
			s.albedo.Pix[i] = s.albedo.Pix[i].Add(wallColor(h).Scale(0.25))
		case moss:
			s.albedo.Pix[i] = s.albedo.Pix[i].Add(mossColor(h.at).Scale(0.25))
		}
	}
	center := look(eye, s.lens.ray(float32(x)+0.5, float32(y)+0.5))
	if center.what == outside {
		center = hit{at: vec{center.at.x, center.at.y, frontZ}, normal: vec{0, 0, -1}}
	}
	s.lit[i] = lightAt(center.at, center.normal, 0)

	d := hypot(float32(x)-s.hole.X, float32(y)-s.hole.Y) / s.holeCM
	bloom := 0.20*exp(-d*d/9) + 0.05*exp(-d/5)
	s.glow.Pix[i] = s.glow.Pix[i].Add(dayColor.Scale(bloom))
}

// garden is what the camera sees of the world: leaves and sky, far out of focus.
func garden(dir vec) paint.Color {
	u, v := dir.x/dir.z, dir.y/dir.z
	leaves := paint.Fractal(u*9+3, v*9, 3, 21)
	sky := paint.Smooth(0.38, 0.72, leaves+1.2*(v+0.22))
	return paint.SRGB(150, 182, 92).Scale(1.5).Mix(paint.Color{R: 2.6, G: 2.9, B: 3.1}, sky)
}

func mossColor(p vec) paint.Color {
	clump := paint.Fractal(p.x*1.6, p.z*1.6, 4, 31)
	fine := paint.Fractal(p.x*7, p.z*7, 2, 32)
	c := paint.SRGB(52, 46, 26).Mix(paint.SRGB(104, 106, 50), paint.Smooth(0.3, 0.7, clump))
	return c.Scale(0.5 + fine)
}

// openGlow is how much daylight the hole lets through with a bird in it.
func openGlow(blocked float32) float32 { return 1 - 0.7*blocked }

// lightUp paints the box as the sources show it. Canvas must have the size of the set.
func (s *Set) lightUp(c *paint.Canvas, light Light, blocked float32) {
	light.Day *= 1 - 0.55*blocked
	glow := light.Day * openGlow(blocked)
	for i := range c.Pix {
		l := &s.lit[i]
		d, m, n := light.Day, light.Lamp, light.Infrared*l.infrared
		a, g := s.albedo.Pix[i], s.glow.Pix[i]
		c.Pix[i] = paint.Color{
			R: a.R*(l.day.R*d+l.lamp.R*m+n) + g.R*glow,
			G: a.G*(l.day.G*d+l.lamp.G*m+n) + g.G*glow,
			B: a.B*(l.day.B*d+l.lamp.B*m+n) + g.B*glow,
		}
	}
}
