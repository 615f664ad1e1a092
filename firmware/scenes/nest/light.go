package nest

import "home.arpa/nestbox/firmware/scenes/paint"

// Light says how strong each source is. The zero value is darkness.
type Light struct {
	Day      float32 // through the hole; 1 on a bright day
	Lamp     float32 // a warm bulb in the upper left corner
	Infrared float32 // the camera's own diodes; the picture then has no colours
}

var (
	dayColor  = paint.Color{R: 0.96, G: 1.0, B: 1.06}
	roomColor = paint.Color{R: 1.04, G: 1.0, B: 0.9} // daylight after a few walls
	lampColor = paint.Color{R: 1.25, G: 0.92, B: 0.55}

	bulb   = vec{-5.2, 15.5, 10.5}
	diodes = vec{1.2, 17.4, 0.2}
)

// lit is what one place gets of each source at full strength.
type lit struct {
	day, lamp paint.Color
	infrared  float32
}

// lightAt sums what reaches a place. A soft surface wraps light around itself, as feathers do.
func lightAt(at, normal vec, wrap float32) lit {
	start := at.add(normal.times(0.25))
	var direct float32
	for i, offset := range [5][2]float32{{0, 0}, {1, 0.3}, {-1, 0.3}, {0.2, 1}, {-0.2, -1}} {
		source := vec{offset[0] * holeR * 0.8, holeY + offset[1]*holeR*0.8, frontZ + 0.3}
		if i > 0 && isHidden(start, source) {
			continue
		}
		direct += lambert(at, normal, source, wrap) * max(0, at.toward(source).z) / 5
	}
	open := openness(at)
	day := dayColor.Scale(direct * 150).Add(roomColor.Scale(open * (0.34 + 0.16*max(0, normal.y))))

	lamp := lambert(at, normal, bulb, wrap) * 105
	if isHidden(start, bulb) {
		lamp *= 0.25
	}
	return lit{
		day:      day,
		lamp:     lampColor.Scale(lamp + 0.16*open),
		infrared: lambert(at, normal, diodes, wrap)*190 + 0.05*open,
	}
}

func lambert(at, normal, source vec, wrap float32) float32 {
	d := source.sub(at)
	r2 := d.dot(d)
	facing := (normal.dot(d.times(1/sqrt(r2))) + wrap) / (1 + wrap)
	return max(0, facing) / (r2 + 6)
}

// openness is less than 1 where corners and the cup keep light from the walls away.
func openness(p vec) float32 {
	corner := func(d float32) float32 { return 1 - 0.5*exp(-max(d, 0)/1.6) }
	open := corner(halfWidth-p.x) * corner(halfWidth+p.x) * corner(frontZ-p.z)
	depth := rimY - p.y
	if r := hypot(p.x, p.z-nestZ); r < rimR && depth > 0 {
		open *= 1 - 0.62*paint.Smooth(0, rimY-cupY, depth)
	} else if p.y < rimY+2 && r > rimR {
		open *= 0.72 + 0.28*paint.Smooth(mossY-0.3, rimY, p.y)
	}
	return open
}

// under is the colour of light at a place.
func (l lit) under(light Light) paint.Color {
	return l.day.Scale(light.Day).Add(l.lamp.Scale(light.Lamp)).Add(paint.Gray(l.infrared * light.Infrared))
}

// soft keeps what is close to a source from being white.
func soft(c paint.Color) paint.Color { return c.Scale(1 / (0.7 + 0.75*c.Luma())) }
