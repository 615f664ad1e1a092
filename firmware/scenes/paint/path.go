package paint

import "math"

// Point is a place on the canvas, or in a shape's own coordinates.
type Point struct{ X, Y float32 }

// Affine maps a shape's own coordinates to the canvas: X*x + Y*y + Origin.
type Affine struct{ X, Y, Origin Point }

// Place puts a shape at a point, turned by angle (radians, from +x to +y) and scaled along its own axes.
func Place(at Point, angle, sx, sy float32) Affine {
	sin, cos := math.Sincos(float64(angle))
	s, c := float32(sin), float32(cos)
	return Affine{Point{c * sx, s * sx}, Point{-s * sy, c * sy}, at}
}

// Apply maps one point.
func (a Affine) Apply(p Point) Point {
	return Point{a.X.X*p.X + a.Y.X*p.Y + a.Origin.X, a.X.Y*p.X + a.Y.Y*p.Y + a.Origin.Y}
}

// Then is a mapping inside of a: first b, then a.
func (a Affine) Then(b Affine) Affine {
	zero := a.Apply(Point{})
	x, y := a.Apply(b.X), a.Apply(b.Y)
	return Affine{Point{x.X - zero.X, x.Y - zero.Y}, Point{y.X - zero.X, y.Y - zero.Y}, a.Apply(b.Origin)}
}

// Path is a closed outline as points that lie close enough to be joined by straight lines.
type Path []Point

// Map places a path.
func (p Path) Map(a Affine) Path {
	mapped := make(Path, len(p))
	for i, point := range p {
		mapped[i] = a.Apply(point)
	}
	return mapped
}

// Ellipse around a centre.
func Ellipse(center Point, rx, ry float32) Path {
	const steps = 48
	path := make(Path, steps)
	for i := range path {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / steps)
		path[i] = Point{center.X + rx*float32(cos), center.Y + ry*float32(sin)}
	}
	return path
}

// Blob is a soft closed curve through the points (Catmull-Rom).
func Blob(points ...Point) Path {
	const steps = 10
	n := len(points)
	path := make(Path, 0, n*steps)
	for i := range points {
		a, b, c, d := points[(i+n-1)%n], points[i], points[(i+1)%n], points[(i+2)%n]
		for step := range steps {
			path = append(path, spline(a, b, c, d, float32(step)/steps))
		}
	}
	return path
}

func spline(a, b, c, d Point, t float32) Point {
	axis := func(a, b, c, d float32) float32 {
		return b + t*(c-a+t*(2*a-5*b+4*c-d+t*(3*(b-c)+d-a)))/2
	}
	return Point{axis(a.X, b.X, c.X, d.X), axis(a.Y, b.Y, c.Y, d.Y)}
}

// Hair is a stroke along the line with a width that goes from `from` to `to`.
func Hair(line []Point, from, to float32) Path {
	n := len(line)
	path := make(Path, 2*n)
	for i, p := range line {
		before, after := line[max(0, i-1)], line[min(n-1, i+1)]
		dx, dy := after.X-before.X, after.Y-before.Y
		length := float32(math.Hypot(float64(dx), float64(dy)))
		if length == 0 {
			length = 1
		}
		half := (from + (to-from)*float32(i)/float32(max(1, n-1))) / 2 / length
		path[i] = Point{p.X - dy*half, p.Y + dx*half}
		path[2*n-1-i] = Point{p.X + dy*half, p.Y - dx*half}
	}
	return path
}

// Curve is the line from a to c that is drawn towards b.
func Curve(a, b, c Point) []Point {
	const steps = 7
	line := make([]Point, steps)
	for i := range line {
		t := float32(i) / (steps - 1)
		u := 1 - t
		line[i] = Point{u*u*a.X + 2*u*t*b.X + t*t*c.X, u*u*a.Y + 2*u*t*b.Y + t*t*c.Y}
	}
	return line
}

func (p Path) bounds() (lo, hi Point) {
	lo, hi = p[0], p[0]
	for _, q := range p[1:] {
		lo.X, lo.Y = min(lo.X, q.X), min(lo.Y, q.Y)
		hi.X, hi.Y = max(hi.X, q.X), max(hi.Y, q.Y)
	}
	return lo, hi
}
