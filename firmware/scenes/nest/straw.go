package nest

import (
	"math"
	"sort"

	"home.arpa/nestbox/firmware/scenes/paint"
)

var straws = [...]paint.Color{
	paint.SRGB(212, 184, 122), paint.SRGB(188, 154, 92), paint.SRGB(160, 128, 76), paint.SRGB(226, 206, 158),
	paint.SRGB(138, 110, 66), paint.SRGB(174, 146, 96), paint.SRGB(112, 116, 58), paint.SRGB(196, 172, 118),
}

// strand is one blade of straw, hair or moss, in pixels.
type strand struct {
	line        []paint.Point
	from, to    float32
	color       paint.Color
	shadow      float32
	order       float32
	shadowShift float32
}

// weave lays moss over the floor and straw around the cup, the lowest first.
func weave(s *Set) {
	r := paint.NewRandom(2026)
	const tufts, blades, linings = 3600, 2500, 420
	strands := make([]strand, 0, tufts+blades+linings)
	for range tufts {
		strands = append(strands, s.tuft(r))
	}
	for range blades {
		strands = append(strands, s.blade(r))
	}
	for range linings {
		strands = append(strands, s.lining(r))
	}
	sort.SliceStable(strands, func(i, j int) bool { return strands[i].order < strands[j].order })
	brush := &paint.Brush{Canvas: s.albedo}
	for _, t := range strands {
		below := make([]paint.Point, len(t.line))
		for i, p := range t.line {
			below[i] = point(p.X+t.shadowShift*0.4, p.Y+t.shadowShift)
		}
		brush.Fill(paint.Hair(below, t.from*1.5, t.to*1.5+0.5), t.shadow, paint.Flat(paint.Gray(0.004)))
		brush.Fill(paint.Hair(t.line, t.from, t.to), 0.96, paint.Flat(t.color))
	}
	brush.Canvas = s.albedo
	for range 5 {
		s.feather(brush, r)
	}
}

func (s *Set) onNest(radius, angle, lift float32) vec {
	x, z := radius*cos(angle), nestZ+radius*sin(angle)
	x, z = paint.Clamp(x, -halfWidth+0.1, halfWidth-0.1), paint.Clamp(z, backZ+0.1, frontZ-0.1)
	return vec{x, height(x, z) + lift, z}
}

func (s *Set) between(a, b, c vec, from, to float32) (line []paint.Point, px, toPx float32) {
	pa, _ := s.lens.project(a)
	pb, perCM := s.lens.project(b)
	pc, _ := s.lens.project(c)
	return paint.Curve(pa, pb, pc), from * perCM, to * perCM
}

func (s *Set) tuft(r *paint.Random) strand {
	x, z := r.Between(-halfWidth, halfWidth), r.Between(backZ, frontZ)
	angle, length := r.Between(0, 2*math.Pi), r.Between(0.3, 1.1)
	a := vec{x, height(x, z), z}
	b := vec{x + length/2*cos(angle), a.y + r.Between(0.1, 0.4), z + length/2*sin(angle)}
	c := vec{x + length*cos(angle), a.y + r.Between(0, 0.5), z + length*sin(angle)}
	color := paint.SRGB(74, 72, 34).Mix(paint.SRGB(142, 144, 74), r.Float()*r.Float())
	if r.Float() < 0.25 {
		color = paint.SRGB(120, 96, 58)
	}
	line, from, to := s.between(a, b, c, 0.1, 0.03)
	return strand{line, from, to, vary(color, r, 0.3), 0.35, a.y + r.Between(-0.5, 0.2), 1}
}

// blade goes around the cup, more or less.
func (s *Set) blade(r *paint.Random) strand {
	radius := 1.6 + 5.4*sqrt(r.Float())
	angle := r.Between(0, 2*math.Pi)
	length := r.Between(1.8, 5.5)
	if radius < rimR {
		length *= 0.7
	}
	half := length / 2 / radius
	lean := r.Between(-0.9, 0.9) * r.Float()
	lift := r.Float() * r.Float() * 0.5
	a := s.onNest(radius-lean*length/2, angle-half, r.Between(0, 0.2))
	b := s.onNest(radius*(1+0.12*half*half), angle, lift+0.15)
	c := s.onNest(radius+lean*length/2, angle+half, r.Between(0, 0.35))
	depth := 0.5 + 0.5*paint.Smooth(0, 0.35, lift)
	color := vary(straws[int(r.Float()*float32(len(straws)))], r, 0.18).Scale(depth)
	width := r.Between(0.06, 0.15)
	line, from, to := s.between(a, b, c, width, width*r.Between(0.3, 0.9))
	return strand{line, from, to, color, 0.5, b.y + lift*2 + r.Between(-0.3, 0.3), 1.6}
}

// lining is fine and pale: hair and wool at the bottom of the cup.
func (s *Set) lining(r *paint.Random) strand {
	radius, angle := 3.4*sqrt(r.Float()), r.Between(0, 2*math.Pi)
	turn := r.Between(-1.2, 1.2)
	a := s.onNest(radius, angle, 0.1)
	b := s.onNest(radius+r.Between(-0.5, 0.5), angle+turn/2, 0.15)
	c := s.onNest(radius+r.Between(-0.6, 0.6), angle+turn, 0.1)
	color := vary(paint.SRGB(176, 160, 134), r, 0.3)
	line, from, to := s.between(a, b, c, 0.06, 0.03)
	return strand{line, from, to, color, 0.3, a.y + r.Between(0, 0.4), 1}
}

// feather is a soft pale one that the birds brought.
func (s *Set) feather(brush *paint.Brush, r *paint.Random) {
	radius, angle := r.Between(3.6, 6), r.Between(0, 2*math.Pi)
	at, perCM := s.lens.project(s.onNest(radius, angle, 0.3))
	turn := angle + r.Between(-0.7, 0.7)
	color := paint.SRGB(206, 202, 192).Mix(paint.SRGB(150, 154, 160), r.Float())
	for i := range 46 {
		t := float32(i)/45*2 - 1
		root := paint.Place(at, turn, perCM, perCM).Apply(point(t*0.9, 0.25*t*t))
		side := float32(i%2*2 - 1)
		reach := (1 - t*t) * 0.55
		tip := paint.Place(at, turn, perCM, perCM).Apply(point(t*0.9-0.25, 0.25*t*t+side*reach+r.Between(-0.06, 0.06)))
		brush.Fill(paint.Hair([]paint.Point{root, tip}, 1.6, 0.8), 0.55, paint.Flat(vary(color, r, 0.15)))
	}
}
