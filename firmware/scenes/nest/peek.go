package nest

import (
	"math"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// drawPeek paints the bird that sits in the hole and looks in. Behind its head there is day, so that its face
// is in shadow unless a lamp is on.
func (s *Set) drawPeek(b *paint.Brush, light Light, bird Bird) {
	out := paint.Smooth(0.3, 1, bird.Peek)
	rx, ry := holeR*s.holeCM, holeR*s.holeCM*0.97
	b.Clip = func(x, y float32) float32 {
		dx, dy := (x-s.hole.X)/rx, (y-s.hole.Y)/ry
		inside := paint.Smooth(1.03, 0.95, hypot(dx, dy))
		if dy > 0 && out > 0 {
			below := paint.Smooth(1.15+0.8*out, 0.8+0.8*out, hypot(dx*1.15, dy))
			return max(inside, below)
		}
		return inside
	}
	defer func() { b.Clip = nil }()

	glow := lightAt(vec{0, holeY, frontZ - 1}, vec{0, 0.6, -0.8}, 0.6).under(light)
	glow = glow.Add(dayColor.Scale(0.28 * light.Day))
	size := s.holeCM * (0.92 + 0.16*out)
	rise := (1.9*(1-bird.Peek) - 0.15) * s.holeCM
	p := plumage{b, glow, paint.Place(point(s.hole.X, s.hole.Y+rise), 0, size, size)}

	if out > 0 {
		b.Glaze(paint.Place(point(s.hole.X, s.hole.Y+2.2*s.holeCM), 0, 2*s.holeCM, 2*s.holeCM*out), paint.Gray(0.6))
	}
	p.fade(paint.Blob(point(0, 0.2), point(1.35, 0.9), point(1.7, 1.9), point(1.1, 2.9), point(0, 3.2), point(-1.1, 2.9),
		point(-1.7, 1.9), point(-1.35, 0.9)), point(0, 1), breast, point(0, 3.1), breast.Scale(0.45))
	r := paint.NewRandom(17)
	for range 150 {
		angle, reach := r.Between(0, 2*math.Pi), sqrt(r.Float())
		x, y := 1.6*reach*cos(angle), 1.95+1.2*reach*sin(angle)
		c := vary(breast, r, 0.25).Scale(1 - 0.25*max(0, y-1.2))
		p.hair(point(x, y), point(x*1.01, y+0.2), point(x*1.03, y+0.45), 0.16, 0.04, 0.5, c)
	}
	p.hair(point(0, 1), point(0.05, 1.8), point(0, 2.8), 0.3, 0.12, 0.5, navy)

	turn := bird.Turn * 0.35 // a head that turns shows its features shifted
	p.at = p.at.Then(paint.Place(point(turn*0.3, 0), turn*0.3, 1, 1))
	p.fill(paint.Ellipse(point(0, 0), 1.32, 1.22), cheek)
	p.fill(paint.Blob(point(-0.5+turn, 0.75), point(0.5+turn, 0.75), point(0.75+turn, 1.25), point(0, 1.4), point(-0.75+turn, 1.25)), navy)
	p.hair(point(-1.3, 0.75), point(0, 1.5), point(1.3, 0.75), 0.34, 0.34, 1, navy)
	p.hair(point(-1.32, -0.1), point(turn*1.4, -0.22), point(1.32, -0.1), 0.3, 0.3, 1, navy)
	p.fade(paint.Blob(point(-0.85+turn*0.5, -0.5), point(turn*0.8, -0.72), point(0.85+turn*0.5, -0.5), point(0.6, -1.12), point(0, -1.3),
		point(-0.6, -1.12)), point(0, -0.6), capBlue, point(0, -1.3), capBlue.Scale(1.5))
	for _, side := range [2]float32{-1, 1} {
		x := 0.66*side + turn
		p.fill(paint.Ellipse(point(x, -0.14), 0.21, 0.21), pupil)
		p.fill(paint.Ellipse(point(x+0.05, -0.22), 0.07, 0.07), eyeLight)
	}
	p.fill(paint.Blob(point(-0.2+turn*1.5, 0.08), point(turn*1.5, -0.1), point(0.2+turn*1.5, 0.08), point(turn*1.9, 0.5)), horn)
	if bird.Prey {
		p.hair(point(-0.95+turn*1.5, 0.62), point(turn*1.8, 0.2), point(0.9+turn*1.5, 0.7), 0.34, 0.3, 1, larva)
	}
	p.glaze(0, -0.5, 1.4, 1.1, paint.Gray(1.2))
	p.glaze(0, 1.3, 1.6, 0.8, paint.Gray(0.6))
	for _, side := range [2]float32{-1, 1} {
		p.glaze(1.5*side, 0.6, 0.9, 2.2, paint.Gray(0.65))
	}
}
