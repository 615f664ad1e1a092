package nest

import "home.arpa/nestbox/firmware/scenes/paint"

var (
	earlyWood = paint.SRGB(196, 156, 106)
	lateWood  = paint.SRGB(146, 100, 58)
	knotWood  = paint.SRGB(84, 52, 30)
	dirt      = paint.SRGB(70, 56, 40)
)

// knots of each wall: across, along, radius.
var knots = [...][3]float32{
	{-4.6, 9.4, 0.55}, {5.2, 14.2, 0.45}, {3.9, 7.9, 0.4}, {11.2, 10.9, 0.6}, {6.3, 6.6, 0.42}, {1.6, 14.6, 0.5},
}

// wood at a place of a wall: u across the grain, v along it, board a number for the wall.
func wood(u, v float32, board uint32) paint.Color {
	shift := float32(0)
	knot := float32(0)
	for i, k := range knots {
		if uint32(i)%3 != board%3 {
			continue
		}
		du, dv := u-k[0], (v-k[1])*0.45
		r := hypot(du, dv)
		shift += du / (r + 0.15) * 0.8 * exp(-r/(k[2]*1.6))
		knot = max(knot, 1-paint.Smooth(k[2]*0.5, k[2], r))
	}
	bent := u*0.85 - shift*0.55 + 1.3*(paint.Fractal(u*0.22, v*0.045, 3, 40+board)-0.5)*2
	phase := bent * 1.9
	phase -= float32(int(phase + 1000))
	phase += 1000
	ring := paint.Smooth(0, 0.75, phase) * (1 - paint.Smooth(0.86, 1, phase))
	color := earlyWood.Mix(lateWood, ring*0.8)

	fiber := paint.Fractal(u*9, v*0.55, 3, 60+board)
	color = color.Scale(0.74 + 0.52*fiber)
	pore := paint.Noise(u*22, v*1.1, 80+board)
	color = color.Scale(1 - 0.30*paint.Smooth(0.72, 0.9, pore))
	color = color.Mix(knotWood, knot*0.85)
	blotch := paint.Fractal(u*0.35, v*0.35, 3, 90+board)
	return color.Scale(0.82 + 0.36*blotch)
}

// wallColor is wood with the traces of those who live there.
func wallColor(h hit) paint.Color {
	var u float32
	board := uint32(1)
	switch {
	case h.what == front:
		u = h.at.x
	case h.at.x > 0:
		u, board = h.at.z, 2
	default:
		u, board = h.at.z, 3
	}
	color := wood(u, h.at.y, board)

	grime := 1 - paint.Smooth(mossY, mossY+5, h.at.y+3*(paint.Fractal(u*0.7, h.at.y*0.7, 3, 11)-0.5))
	color = color.Mix(dirt, 0.55*grime)
	if h.what == front {
		r := hypot(h.at.x, h.at.y-holeY)
		color = color.Scale(1 - 0.35*(1-paint.Smooth(holeR, holeR+0.5, r))) // worn by feet
		below := holeY - h.at.y
		if below > 0 && below < 7 {
			claw := paint.Noise(h.at.x*6, h.at.y*0.9, 5) * paint.Smooth(2.6, 0.4, hypot(h.at.x, 0)) *
				(1 - paint.Smooth(3, 7, below))
			color = color.Scale(1 - 0.4*paint.Smooth(0.55, 0.8, claw))
		}
	}
	return color
}
