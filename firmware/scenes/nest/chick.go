package nest

import (
	"math"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// Chick is one of the brood. The zero value sleeps.
type Chick struct {
	Beg  float32 // 0 asleep to 1: neck stretched, beak wide open
	Lean paint.Point
}

// Chicks is how many the nest has.
const Chicks = 6

// places in the cup: x, z from its middle, and which way a chick lies.
var places = [Chicks][3]float32{
	{-0.3, 2.1, -2.6}, {2.0, 1.0, -2.0}, {-2.2, 0.7, -0.6}, {1.7, -1.5, -2.4}, {-1.3, -1.6, -0.9}, {0.2, -0.1, -1.5},
}

var (
	down      = paint.SRGB(104, 96, 92)
	downTip   = paint.SRGB(158, 152, 142)
	skin      = paint.SRGB(176, 124, 104)
	quill     = paint.SRGB(62, 70, 84)
	crown     = paint.SRGB(84, 92, 100)
	face      = paint.SRGB(150, 146, 116)
	gapeRim   = paint.SRGB(240, 204, 96)
	gapeRed   = paint.SRGB(222, 98, 58)
	throat    = paint.SRGB(128, 26, 22)
	pupil     = paint.SRGB(12, 11, 12)
	eyeLight  = paint.Gray(1.6)
	deepShade = paint.Gray(0.16)
)

// drawChick paints one as the light shows it.
func (s *Set) drawChick(b *paint.Brush, light Light, index int, chick Chick) {
	place := places[index]
	base := vec{place[0], cupY + 1.1, nestZ + place[1]}
	light.Day *= 1.25
	glow := soft(lightAt(base.add(vec{0, 1.2, 0}), vec{0, 1, 0}, 0.5).under(light))
	at, perCM := s.lens.project(base)
	heading := place[2]
	body := paint.Place(at, heading, perCM, perCM)
	flat := func(c paint.Color) paint.Shader { return paint.Flat(c.Mul(glow)) }
	r := paint.NewRandom(uint64(index) + 77)

	b.Glaze(body.Then(paint.Place(point(-0.2, 0), 0, 2.6, 2.4)), deepShade)
	b.Fill(paint.Blob(point(1.2, 0), point(0.5, 1.25), point(-0.9, 1.2), point(-1.7, 0), point(-0.9, -1.2),
		point(0.5, -1.25)).Map(body), 1, flat(down.Mix(skin, 0.35)))
	for _, side := range [2]float32{-1, 1} {
		b.Fill(paint.Blob(point(0.6, 0.7*side), point(0.1, 1.35*side), point(-1.2, 1.0*side), point(-1.5, 0.55*side),
			point(-0.4, 0.5*side)).Map(body), 1, flat(quill))
		for i := range 6 {
			y := (0.55 + 0.13*float32(i)) * side
			b.Fill(paint.Hair([]paint.Point{body.Apply(point(0.1, y)), body.Apply(point(-1.25-0.05*float32(i), y*0.95))},
				1.2, 0.8), 0.4, flat(quill.Scale(1.6)))
		}
	}
	for range 60 {
		x, y := r.Between(-1.5, 0.9), r.Between(-1, 1)
		tuft(b, body, point(x, y), r, 0.6, flat(vary(downTip, r, 0.3)))
	}
	b.Glaze(body.Then(paint.Place(point(-0.6, 0), 0, 1.6, 1.5)), paint.Gray(0.8))

	// A begging head comes up towards the camera: larger, and away from the body.
	stretch := chick.Beg
	neck := point(0.75+0.35*stretch, 0)
	up := body.Apply(neck)
	up = point(up.X+(chick.Lean.X*0.5)*perCM*stretch, up.Y+(chick.Lean.Y*0.5-0.9*stretch)*perCM)
	turn := heading*(1-stretch) - math.Pi/2*stretch
	if stretch > 0.02 {
		lean := float32(math.Atan2(float64(chick.Lean.Y-1.4), float64(chick.Lean.X)))
		turn = heading*(1-stretch) + lean*stretch
	}
	head := paint.Place(up, turn, perCM*(1+0.22*stretch), perCM*(1+0.22*stretch))
	bright := glow.Scale(1 + 0.25*stretch)
	b.Fill(paint.Hair(paint.Curve(body.Apply(point(0.4, 0)), body.Apply(point(0.7, 0)), up), 1.3*perCM, 1.0*perCM), 1,
		paint.Flat(skin.Mul(glow)))
	b.Glaze(head.Then(paint.Place(point(-0.1, 0.1), 0, 1.5, 1.4)), paint.Gray(0.5))
	drawChickHead(b, head, bright, chick.Beg, r)
}

func drawChickHead(b *paint.Brush, head paint.Affine, light paint.Color, open float32, r *paint.Random) {
	flat := func(c paint.Color) paint.Shader { return paint.Flat(c.Mul(light)) }
	b.Fill(paint.Ellipse(point(0, 0), 0.95, 0.9).Map(head), 1, flat(face))
	b.Fill(paint.Ellipse(point(-0.14, 0), 0.84, 0.72).Map(head), 1, flat(crown))
	for range 26 {
		tuft(b, head, point(r.Between(-0.8, 0.3), r.Between(-0.6, 0.6)), r, 0.5, flat(vary(downTip, r, 0.25)))
	}
	for _, side := range [2]float32{-1, 1} {
		if open < 0.3 {
			b.Fill(paint.Hair(paint.Curve(head.Apply(point(0.12, 0.66*side)), head.Apply(point(0.3, 0.78*side)),
				head.Apply(point(0.48, 0.62*side))), 1.6, 1.2), 0.9, flat(pupil))
		} else {
			b.Fill(paint.Ellipse(point(0.2, 0.74*side), 0.14, 0.12).Map(head), 1, flat(pupil))
		}
	}
	b.Glaze(head.Then(paint.Place(point(-0.5, 0), 0, 0.9, 1.0)), paint.Gray(0.75))

	wide := 0.34 + 0.36*open
	long := 0.42 + 0.3*open
	mouth := head.Then(paint.Place(point(0.72+0.06*open, 0), 0, long, wide))
	diamond := func(f float32) paint.Path {
		return paint.Blob(point(1*f, 0), point(0.25*f, 0.95*f), point(-0.75*f, 0.72*f), point(-0.9*f, 0),
			point(-0.75*f, -0.72*f), point(0.25*f, -0.95*f)).Map(mouth)
	}
	b.Fill(diamond(1), 1, flat(gapeRim.Scale(0.75+0.35*open)))
	if open < 0.15 {
		b.Fill(paint.Hair([]paint.Point{mouth.Apply(point(-0.5, -0.7)), mouth.Apply(point(0.9, 0)),
			mouth.Apply(point(-0.5, 0.7))}, 1.2, 1.2), 0.6, flat(throat))
		return
	}
	b.Fill(diamond(0.76), min(1, open*1.6), flat(gapeRed))
	b.Fill(paint.Ellipse(point(-0.15, 0), 0.36, 0.32).Map(mouth), min(1, open*1.4), flat(throat))
	b.Fill(paint.Ellipse(point(0.34, 0), 0.2, 0.14).Map(mouth), 0.7*open, flat(gapeRed.Scale(1.5)))
}

// tuft is one hair of down.
func tuft(b *paint.Brush, at paint.Affine, root paint.Point, r *paint.Random, length float32, shader paint.Shader) {
	angle := r.Between(2.2, 4.1)
	tip := point(root.X+length*cos(angle), root.Y+length*sin(angle))
	mid := point((root.X+tip.X)/2+r.Between(-0.1, 0.1), (root.Y+tip.Y)/2+r.Between(-0.1, 0.1))
	b.Fill(paint.Hair(paint.Curve(at.Apply(root), at.Apply(mid), at.Apply(tip)), 1.1, 0.5), 0.38, shader)
}
