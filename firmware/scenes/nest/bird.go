package nest

import (
	"math"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// Bird is a blue tit at one moment.
type Bird struct {
	X, Y, Z float32 // middle of the body
	Heading float32 // in the picture: 0 to the right, growing clockwise; radians
	Wings   float32 // 0 folded to 1 spread
	Turn    float32 // of the head against the body
	Reach   float32 // 0 upright to 1: neck stretched down into the cup
	Prey    bool    // a caterpillar in the beak
	Asleep  bool    // fluffed up, beak in the feathers
	Peek    float32 // above 0: it sits in the hole, up to 1 with its breast out; X, Y, Z say nothing then
}

var (
	capBlue   = paint.SRGB(78, 124, 186)
	capDark   = paint.SRGB(46, 82, 138)
	cheek     = paint.SRGB(228, 228, 220)
	navy      = paint.SRGB(24, 32, 58)
	mantle    = paint.SRGB(116, 128, 88)
	mantleDim = paint.SRGB(92, 106, 84)
	breast    = paint.SRGB(222, 196, 88)
	wingBlue  = paint.SRGB(92, 124, 164)
	wingDark  = paint.SRGB(44, 58, 84)
	wingBar   = paint.SRGB(222, 226, 224)
	horn      = paint.SRGB(46, 48, 54)
	larva     = paint.SRGB(136, 164, 72)
)

// plumage is a brush that holds the light of where the bird is.
type plumage struct {
	*paint.Brush
	light paint.Color
	at    paint.Affine // the bird's own centimetres, x towards its beak
}

func (p plumage) fill(path paint.Path, c paint.Color) {
	p.Fill(path.Map(p.at), 1, paint.Flat(c.Mul(p.light)))
}

func (p plumage) fade(path paint.Path, from paint.Point, c paint.Color, to paint.Point, d paint.Color) {
	p.Fill(path.Map(p.at), 1,
		paint.Between(p.at.Apply(from), c.Mul(p.light), p.at.Apply(to), d.Mul(p.light)))
}

func (p plumage) hair(a, b, c paint.Point, from, to, alpha float32, color paint.Color) {
	scale := sqrt(p.at.X.X*p.at.X.X + p.at.X.Y*p.at.X.Y)
	line := paint.Curve(p.at.Apply(a), p.at.Apply(b), p.at.Apply(c))
	p.Fill(paint.Hair(line, from*scale, to*scale), alpha, paint.Flat(color.Mul(p.light)))
}

func (p plumage) glaze(x, y, rx, ry float32, filter paint.Color) {
	p.Glaze(p.at.Then(paint.Place(point(x, y), 0, rx, ry)), filter)
}

// drawBird paints it from above, or from the front when it sits in the hole.
func (s *Set) drawBird(b *paint.Brush, light Light, bird Bird) {
	if bird.Peek > 0 {
		s.drawPeek(b, light, bird)
		return
	}
	body := vec{bird.X, bird.Y, bird.Z}
	at, perCM := s.lens.project(body)
	s.dropShadow(b, body, bird)
	size := perCM * 0.94
	if bird.Asleep {
		size *= 1.1
	}
	p := plumage{b, soft(lightAt(body.add(vec{0, 1.5, 0}), vec{0, 0.9, 0.3}.unit(), 0.5).under(light)),
		paint.Place(at, bird.Heading, size, size)}
	p.tail(bird)
	p.body(bird)
	for _, side := range [2]float32{-1, 1} {
		p.wing(side, bird.Wings)
	}
	p.back()
	p.head(bird)
	p.shade(bird.Heading)
}

// dropShadow darkens what is under the bird; the higher it is, the softer.
func (s *Set) dropShadow(b *paint.Brush, body vec, bird Bird) {
	gap := max(0, body.y-rimY)
	ground := vec{body.x * 0.95, min(body.y-1, rimY-0.4), body.z - 0.5 - gap*0.25}
	at, perCM := s.lens.project(ground)
	soft := 1 + gap*0.12
	strength := 0.62 / soft
	long, wide := float32(5.4)*soft, (3.2+3.2*bird.Wings)*soft
	b.Glaze(paint.Place(at, bird.Heading, perCM*long, perCM*wide), paint.Gray(1-strength))
	b.Glaze(paint.Place(at, bird.Heading, perCM*long*0.75, perCM*wide*0.75), paint.Gray(1-strength*0.6))
}

func (p plumage) tail(bird Bird) {
	fan := 0.18 + 0.5*bird.Wings
	for i := range 7 {
		side := (float32(i) - 3) / 3
		tip := point(-6.1+0.25*side*side, side*(0.45+fan))
		p.hair(point(-2.2, side*0.3), point(-4, side*0.42), tip, 0.5, 0.46, 1, wingBlue.Mix(wingDark, 0.25+0.5*side*side))
		p.hair(point(-2.4, side*0.3), point(-4, side*0.44), point(tip.X+0.1, tip.Y+0.18), 0.08, 0.08, 0.6, wingDark)
	}
}

func (p plumage) body(bird Bird) {
	wide := float32(2.05)
	if bird.Asleep {
		wide = 2.75
	}
	outline := paint.Blob(point(2.5, 0), point(1.6, wide*0.85), point(-0.4, wide), point(-2.3, wide*0.66),
		point(-3.3, 0), point(-2.3, -wide*0.66), point(-0.4, -wide), point(1.6, -wide*0.85))
	p.fill(outline, breast.Scale(0.92))
	r := paint.NewRandom(5)
	for range 70 {
		angle := r.Between(0, 2*math.Pi)
		x, y := 2.6*cos(angle)-0.3, wide*sin(angle)*0.96
		p.hair(point(x, y*0.8), point(x-0.3, y*0.92), point(x-0.6, y*0.99), 0.14, 0.04, 0.45, vary(breast, r, 0.2))
	}
	cover := float32(1)
	if bird.Asleep {
		cover = 1.17
	}
	wide *= cover
	back := paint.Blob(point(2.3, 0), point(1.4, wide*0.68), point(-0.6, wide*0.8), point(-2.4, wide*0.45),
		point(-3.0, 0), point(-2.4, -wide*0.45), point(-0.6, -wide*0.8), point(1.4, -wide*0.68))
	p.fade(back, point(2, 0), mantle, point(-3, 0), mantleDim)
}

// wing of one side: -1 left, 1 right. Its feathers fan out as it spreads.
func (p plumage) wing(side, spread float32) {
	shoulder := point(1.3, 1.15*side)
	wrist := point(1.2+0.5*spread, (1.75+1.9*spread)*side)
	const quills = 11
	for i := range quills {
		t := float32(i) / (quills - 1) // 0 the innermost
		root := point(shoulder.X+(wrist.X-shoulder.X)*t, shoulder.Y+(wrist.Y-shoulder.Y)*t)
		folded := point(-2.1-2.0*t, (0.75+0.45*(1-t))*side)
		fan := 2.9 - 1.75*t
		length := 3.4 + 2.1*t
		open := point(root.X+length*cos(fan), root.Y+length*sin(fan)*side)
		tip := point(folded.X+(open.X-folded.X)*spread, folded.Y+(open.Y-folded.Y)*spread)
		mid := point((root.X+tip.X)/2+0.1, (root.Y+tip.Y)/2+(0.35-0.2*spread)*side)
		width := 0.5 + 0.55*spread
		p.hair(root, mid, tip, width, width*0.5, 1, wingBlue.Mix(wingDark, 0.35+0.5*t))
		edge := point(tip.X+0.05, tip.Y+0.16*side)
		p.hair(point(root.X, root.Y+0.12*side), point(mid.X, mid.Y+0.16*side), edge, 0.09, 0.06, 0.75, wingBlue.Scale(1.35))
	}
	covert := paint.Blob(point(1.75, (0.95+0.3*spread)*side), point(1.5+0.3*spread, (1.8+1.7*spread)*side),
		point(0.2, (2.0+1.3*spread)*side), point(-0.7, (1.45+0.5*spread)*side), point(0.1, 0.85*side))
	p.fade(covert, point(1.7, 0), wingBlue.Scale(1.1), point(-0.6, 0), wingBlue.Scale(0.6))
	r := paint.NewRandom(21)
	for range 34 {
		x, y := r.Between(-0.4, 1.5), r.Between(1.0, 1.85+1.2*spread)*side
		p.hair(point(x, y), point(x-0.2, y), point(x-0.42, y*1.02), 0.2, 0.08, 0.35, vary(wingBlue, r, 0.35))
	}
	p.hair(point(-0.55, 0.9*side), point(-0.3, (1.6+0.5*spread)*side), point(0.45, (2.0+1.3*spread)*side),
		0.34, 0.26, 0.95, wingBar)
}

func (p plumage) back() {
	r := paint.NewRandom(9)
	for range 130 {
		x, y := r.Between(-2.4, 1.9), r.Between(-0.95, 0.95)
		c := vary(mantle.Mix(mantleDim, r.Float()), r, 0.22)
		p.hair(point(x, y), point(x-0.25, y*1.05), point(x-0.55, y*1.08), 0.2, 0.07, 0.55, c)
	}
}

func (p plumage) head(bird Bird) {
	neck := point(1.7, 0)
	if bird.Asleep {
		neck = point(0.9, 0)
	}
	scale := 1 - 0.1*bird.Reach
	p.at = p.at.Then(paint.Place(neck, bird.Turn, scale, scale))
	reach := 0.5 * bird.Reach
	p.at = p.at.Then(paint.Place(point(-1.7+reach, 0), 0, 1, 1))

	p.glaze(2.6, 0, 2.0, 1.9, paint.Gray(0.55))
	p.fill(paint.Ellipse(point(2.95, 0), 1.55, 1.5), cheek)
	p.hair(point(2.05, -1.15), point(1.25, 0), point(2.05, 1.15), 0.62, 0.62, 1, navy) // collar
	p.fill(paint.Ellipse(point(1.72, 0), 0.28, 0.4), cheek)                            // spot on the nape
	for _, side := range [2]float32{-1, 1} {
		p.hair(point(4.35, 0.16*side), point(3.6, 1.3*side), point(1.95, 0.98*side), 0.26, 0.42, 1, navy)
	}
	p.fade(paint.Blob(point(3.75, 0), point(3.3, 0.72), point(2.5, 0.82), point(1.95, 0.45), point(1.95, -0.45),
		point(2.5, -0.82), point(3.3, -0.72)), point(3.7, 0), capBlue.Scale(1.15), point(2, 0), capDark)
	r := paint.NewRandom(13)
	for range 40 {
		x, y := r.Between(2.2, 3.6), r.Between(-0.6, 0.6)
		p.hair(point(x, y), point(x-0.15, y), point(x-0.35, y*1.05), 0.14, 0.05, 0.5, vary(capBlue, r, 0.25))
	}
	if !bird.Asleep {
		p.fill(paint.Blob(point(5.15, 0), point(4.4, 0.24), point(4.15, 0), point(4.4, -0.24)), horn)
	}
	for _, side := range [2]float32{-1, 1} {
		if bird.Asleep {
			continue
		}
		p.fill(paint.Ellipse(point(3.58, 0.93*side), 0.23, 0.2), pupil)
		p.fill(paint.Ellipse(point(3.65, 0.86*side), 0.07, 0.06), eyeLight)
	}
	if bird.Prey {
		p.caterpillar(4.95, 0)
	}
	p.glaze(2.85, -0.3, 0.9, 0.7, paint.Gray(1.35))
	p.glaze(2.3, 0.9, 1.5, 0.9, paint.Gray(0.72))
	p.glaze(2.3, -1.1, 1.2, 0.7, paint.Gray(0.8))
}

func (p plumage) caterpillar(x, y float32) {
	p.hair(point(x-0.5, y-1.05), point(x+0.75, y-0.1), point(x-0.35, y+1.1), 0.42, 0.36, 1, larva)
	p.hair(point(x-0.42, y-1.0), point(x+0.7, y-0.15), point(x-0.4, y+1.0), 0.12, 0.1, 0.6, larva.Scale(1.6))
}

// shade rounds the bird: light comes from the hole, at the top of the picture.
func (p plumage) shade(heading float32) {
	top := point(-sin(heading), -cos(heading)) // the picture's up, in the bird's own coordinates
	p.glaze(-0.4+top.X*0.9, top.Y*0.9, 2.8, 1.7, paint.Gray(1.25))
	p.glaze(-0.6-top.X*1.7, -top.Y*1.7, 3.2, 1.9, paint.Gray(0.5))
	for _, side := range [2]float32{-1, 1} {
		p.glaze(-0.8, 2.1*side, 3.4, 1.1, paint.Gray(0.6))
	}
	p.glaze(-3.3, 0, 1.5, 1.3, paint.Gray(0.65))
}
