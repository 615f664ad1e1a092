// Package nest draws the inside of a nest box as a camera under its roof sees it: wooden walls, straw, the
// entrance hole with daylight behind it, chicks and a blue tit. Lengths are centimetres.
package nest

import (
	"math"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// The room: x to the right, y up, z from the camera's wall to the wall with the hole.
const (
	halfWidth = 8.0
	frontZ    = 16.0
	backZ     = -1.5
	wallThick = 1.8
	holeY     = 12.3
	holeR     = 1.75

	// The nest fills the floor with moss and has a cup of straw in it.
	nestZ   = 7.6
	mossY   = 4.2
	rimY    = 6.6
	cupY    = 3.4
	rimR    = 4.9
	nestR   = 7.4
	tanHalf = 0.95 // of the lens, upwards and downwards
	barrel  = 0.05 // how much the lens bends straight lines outwards
)

type vec struct{ x, y, z float32 }

func (a vec) add(b vec) vec          { return vec{a.x + b.x, a.y + b.y, a.z + b.z} }
func (a vec) sub(b vec) vec          { return vec{a.x - b.x, a.y - b.y, a.z - b.z} }
func (a vec) times(f float32) vec    { return vec{a.x * f, a.y * f, a.z * f} }
func (a vec) dot(b vec) float32      { return a.x*b.x + a.y*b.y + a.z*b.z }
func (a vec) length() float32        { return sqrt(a.dot(a)) }
func (a vec) unit() vec              { return a.times(1 / a.length()) }
func (a vec) toward(b vec) vec       { return b.sub(a).unit() }
func mix(a, b vec, t float32) vec    { return a.add(b.sub(a).times(t)) }
func sqrt(v float32) float32         { return float32(math.Sqrt(float64(v))) }
func exp(v float32) float32          { return float32(math.Exp(float64(v))) }
func sin(v float32) float32          { return float32(math.Sin(float64(v))) }
func cos(v float32) float32          { return float32(math.Cos(float64(v))) }
func hypot(a, b float32) float32     { return sqrt(a*a + b*b) }
func point(x, y float32) paint.Point { return paint.Point{X: x, Y: y} }
func vary(c paint.Color, r *paint.Random, by float32) paint.Color {
	return c.Scale(1 + r.Between(-by, by))
}

var (
	eye     = vec{0, 17, 0.5}
	pitch   = 48 * math.Pi / 180
	forward = vec{0, -float32(math.Sin(pitch)), float32(math.Cos(pitch))}
	upward  = vec{0, float32(math.Cos(pitch)), float32(math.Sin(pitch))}
)

// lens is the camera's place in the picture of one size.
type lens struct{ w, h float32 }

// ray is the direction in which the camera sees a place of the picture.
func (l lens) ray(x, y float32) vec {
	u, v := (2*x-l.w)/l.h, (2*y-l.h)/l.h
	bend := 1 + barrel*(u*u+v*v)
	u, v = u*bend*tanHalf, v*bend*tanHalf
	return vec{u, 0, 0}.add(forward).add(upward.times(-v)).unit()
}

// project says where in the picture a point is, and how many pixels a centimetre has there.
func (l lens) project(p vec) (at paint.Point, perCM float32) {
	d := p.sub(eye)
	depth := max(d.dot(forward), 0.5)
	u, v := d.x/depth/tanHalf, -d.dot(upward)/depth/tanHalf
	bend := float32(1)
	for range 6 {
		bend = 1 + barrel*(u*u+v*v)/(bend*bend)
	}
	u, v = u/bend, v/bend
	return point(u*l.h/2+l.w/2, v*l.h/2+l.h/2), l.h / 2 / (depth * tanHalf * bend)
}

// heights of moss and straw over the floor, so many to a centimetre.
var heights = measureHeights()

const (
	heightsPerCM = 10
	heightsWide  = 2*halfWidth*heightsPerCM + 1
	heightsDeep  = (frontZ-backZ)*heightsPerCM + 1
)

func measureHeights() (table [heightsDeep][heightsWide]float32) {
	for row := range table {
		for column := range table[row] {
			x, z := float32(column)/heightsPerCM-halfWidth, float32(row)/heightsPerCM+backZ
			table[row][column] = measureHeight(x, z)
		}
	}
	return table
}

func measureHeight(x, z float32) float32 {
	r := hypot(x, z-nestZ)
	bumps := 0.35 * (paint.Fractal(x*0.8, z*0.8, 3, 7) - 0.5)
	switch {
	case r < rimR:
		return cupY + (rimY-cupY)*paint.Smooth(0.35*rimR, rimR, r) + bumps*0.5
	case r < nestR:
		return rimY - (rimY-mossY)*paint.Smooth(rimR, nestR, r) + bumps
	default:
		return mossY + bumps
	}
}

// height between the measured ones; the room ends where they end.
func height(x, z float32) float32 {
	x = paint.Clamp((x+halfWidth)*heightsPerCM, 0, heightsWide-1.001)
	z = paint.Clamp((z-backZ)*heightsPerCM, 0, heightsDeep-1.001)
	column, row := int(x), int(z)
	tx, tz := x-float32(column), z-float32(row)
	near := heights[row][column]*(1-tx) + heights[row][column+1]*tx
	far := heights[row+1][column]*(1-tx) + heights[row+1][column+1]*tx
	return near*(1-tz) + far*tz
}

func slope(x, z float32) vec {
	const d = 0.15
	return vec{height(x-d, z) - height(x+d, z), 2 * d, height(x, z-d) - height(x, z+d)}.unit()
}

type surface int

const (
	moss surface = iota
	side
	front
	tunnel
	outside
)

type hit struct {
	at     vec
	normal vec
	what   surface
}

// look follows a ray to what it meets first.
func look(from, dir vec) hit {
	t := float32(math.Inf(1))
	h := hit{}
	if dir.x != 0 {
		wall := float32(halfWidth)
		if dir.x < 0 {
			wall = -halfWidth
		}
		t = (wall - from.x) / dir.x
		h = hit{normal: vec{-wall / halfWidth, 0, 0}, what: side}
	}
	if dir.z > 0 {
		if tz := (frontZ - from.z) / dir.z; tz < t {
			t, h = tz, hit{normal: vec{0, 0, -1}, what: front}
		}
	} else if dir.z < 0 {
		if tz := (backZ - from.z) / dir.z; tz < t {
			t, h = tz, hit{normal: vec{0, 0, 1}, what: side}
		}
	}
	if tn, ok := meetNest(from, dir, t); ok {
		at := from.add(dir.times(tn))
		return hit{at, slope(at.x, at.z), moss}
	}
	h.at = from.add(dir.times(t))
	if h.what == front && hypot(h.at.x, h.at.y-holeY) < holeR {
		return lookOut(h.at, dir)
	}
	return h
}

func lookOut(at, dir vec) hit {
	far := at.add(dir.times(wallThick / dir.z))
	if r := hypot(far.x, far.y-holeY); r >= holeR {
		return hit{far, vec{-far.x / r, (holeY - far.y) / r, 0}, tunnel}
	}
	return hit{far, dir.times(-1), outside}
}

func meetNest(from, dir vec, limit float32) (float32, bool) {
	const top = rimY + 0.6
	if dir.y >= 0 {
		return 0, false
	}
	t := max((top-from.y)/dir.y, 0)
	for range 80 {
		if t >= limit {
			return 0, false
		}
		p := from.add(dir.times(t))
		gap := p.y - height(p.x, p.z)
		if gap < 0.02 {
			return t, true
		}
		t += max(gap*0.5, 0.02)
	}
	return 0, false
}

// isHidden reports whether the nest stands between two points.
func isHidden(from, to vec) bool {
	if min(from.y, to.y) > rimY+0.5 {
		return false
	}
	const steps = 14
	for i := 1; i < steps; i++ {
		p := mix(from, to, (float32(i)-0.5)/steps*0.6)
		if p.y > rimY+0.5 {
			return false
		}
		if p.y < height(p.x, p.z)-0.02 {
			return true
		}
	}
	return false
}
