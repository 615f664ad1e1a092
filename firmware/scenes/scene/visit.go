package scene

import (
	"math"
	"slices"

	"home.arpa/nestbox/firmware/scenes/nest"
	"home.arpa/nestbox/firmware/scenes/paint"
)

// pose of a bird at a moment of its visit; between two poses it moves smoothly.
type pose struct {
	at   float64
	bird nest.Bird
}

type path []pose

func (p path) length() float64 { return p[len(p)-1].at }

// entrance is a bird that looks in and then jumps.
func entrance(rest ...pose) path {
	return slices.Concat(path{
		{0, nest.Bird{Peek: 0.1, Prey: true}},
		{0.3, nest.Bird{Peek: 0.8, Prey: true}},
		{0.5, nest.Bird{Peek: 0.85, Turn: -0.8, Prey: true}},
		{0.75, nest.Bird{Peek: 1, Turn: 0.8, Prey: true}},
		{0.9, nest.Bird{Peek: 1, Prey: true}},
		{0.95, nest.Bird{X: 0, Y: 11.6, Z: 15, Heading: 1.57, Wings: 0.5, Prey: true}},
	}, rest)
}

// exit goes from a rim through the hole, at a moment of the visit.
func exit(at float64) []pose {
	return []pose{
		{at, nest.Bird{X: 0.2, Y: 9.6, Z: 12.5, Heading: -1.4, Wings: 0.9}},
		{at + 0.35, nest.Bird{X: 0, Y: 11.9, Z: 15.2, Heading: -1.57, Wings: 0.3}},
		{at + 0.9, nest.Bird{X: 0, Y: 12.1, Z: 16.6, Heading: -1.57}},
		{at + 1.2, nest.Bird{X: 0, Y: 12.4, Z: 21, Heading: -1.57}},
	}
}

// The ways that birds take. Each ends when the bird is out of sight or at rest.
var (
	farRim = append(entrance(
		pose{1.5, nest.Bird{X: 0.5, Y: 8.7, Z: 12, Heading: 1.75, Wings: 0.2, Prey: true}},
		pose{2.4, nest.Bird{X: 0.4, Y: 8.4, Z: 11.8, Heading: 1.7, Turn: -0.4, Prey: true}},
		pose{3.0, nest.Bird{X: 0.2, Y: 8.3, Z: 11.2, Heading: 1.75, Turn: 0.3, Reach: 1, Prey: true}},
		pose{3.4, nest.Bird{X: 0.2, Y: 8.3, Z: 11.2, Heading: 1.75, Turn: 0.3, Reach: 1}},
		pose{4.0, nest.Bird{X: 0.4, Y: 8.4, Z: 11.8, Heading: 1.6, Turn: -0.5}},
		pose{4.8, nest.Bird{X: 0.3, Y: 8.3, Z: 11.4, Heading: 1.5, Turn: 0.7, Reach: 0.8}},
		pose{5.6, nest.Bird{X: 0.4, Y: 8.4, Z: 11.8, Heading: 1.3, Turn: -0.6}},
		pose{6.3, nest.Bird{X: 0.6, Y: 8.6, Z: 11.9, Heading: -0.4, Wings: 0.35}},
	), exit(6.7)...)
	leftRim = append(entrance(
		pose{1.6, nest.Bird{X: -4.4, Y: 8.6, Z: 9.2, Heading: 0.5, Wings: 0.3, Prey: true}},
		pose{2.5, nest.Bird{X: -4.3, Y: 8.3, Z: 8.9, Heading: 0.25, Turn: -0.4, Prey: true}},
		pose{3.1, nest.Bird{X: -3.6, Y: 8.2, Z: 8.5, Heading: 0.2, Turn: 0.2, Reach: 1, Prey: true}},
		pose{3.5, nest.Bird{X: -3.6, Y: 8.2, Z: 8.5, Heading: 0.2, Turn: 0.2, Reach: 1}},
		pose{4.2, nest.Bird{X: -4.2, Y: 8.3, Z: 8.8, Heading: 0.1, Turn: -0.7}},
		pose{5.0, nest.Bird{X: -3.8, Y: 8.2, Z: 8.8, Heading: -0.1, Turn: 0.5, Reach: 0.7}},
		pose{5.8, nest.Bird{X: -4.1, Y: 8.4, Z: 9.2, Heading: -0.6, Turn: -0.4, Wings: 0.1}},
	), exit(6.5)...)
	rightRim = append(entrance(
		pose{1.6, nest.Bird{X: 4.4, Y: 8.6, Z: 9.2, Heading: 2.7, Wings: 0.3, Prey: true}},
		pose{2.6, nest.Bird{X: 4.2, Y: 8.3, Z: 8.9, Heading: 2.9, Turn: 0.4, Prey: true}},
		pose{3.2, nest.Bird{X: 3.6, Y: 8.2, Z: 8.4, Heading: 3.0, Turn: -0.2, Reach: 1, Prey: true}},
		pose{3.6, nest.Bird{X: 3.6, Y: 8.2, Z: 8.4, Heading: 3.0, Turn: -0.2, Reach: 1}},
		pose{4.3, nest.Bird{X: 4.2, Y: 8.3, Z: 8.9, Heading: 3.2, Turn: 0.8}},
		pose{5.4, nest.Bird{X: 4.1, Y: 8.4, Z: 9.2, Heading: 3.7, Turn: 0.4, Wings: 0.1}},
	), exit(6.1)...)
	// comeHome ends asleep on the nest.
	comeHome = entrance(
		pose{1.6, nest.Bird{X: 1, Y: 8.7, Z: 11.5, Heading: 1.4, Wings: 0.3, Prey: true}},
		pose{2.8, nest.Bird{X: 0.6, Y: 8.3, Z: 10.9, Heading: 1.5, Turn: 0.3, Reach: 1, Prey: true}},
		pose{3.2, nest.Bird{X: 0.6, Y: 8.3, Z: 10.9, Heading: 1.5, Turn: 0.3, Reach: 1}},
		pose{4.2, nest.Bird{X: 0.5, Y: 8.0, Z: 9.8, Heading: 0.6, Turn: -0.5}},
		pose{5.4, nest.Bird{X: 0.2, Y: 7.6, Z: 8.3, Heading: -1.0, Wings: 0.12}},
		pose{6.4, nest.Bird{X: 0.1, Y: 7.4, Z: 7.9, Heading: -2.3}},
		pose{7.2, nest.Bird{X: 0.1, Y: 7.4, Z: 7.9, Heading: -2.3, Turn: 0.4}},
	)
	goOut = append(path{
		{0, nest.Bird{X: 0.1, Y: 7.4, Z: 7.9, Heading: -2.3}},
		{1.0, nest.Bird{X: 0.1, Y: 7.6, Z: 8.2, Heading: -1.9, Turn: 0.5}},
		{1.8, nest.Bird{X: 0.1, Y: 8.0, Z: 9, Heading: -1.6, Turn: -0.3, Wings: 0.2}},
	}, exit(2.3)...)
)

// at is the bird at a moment of the visit.
func (p path) when(t float64) (nest.Bird, bool) {
	if t < 0 || t >= p.length() {
		return nest.Bird{}, false
	}
	i := 0
	for p[i+1].at <= t {
		i++
	}
	a, b := p[i].bird, p[i+1].bird
	f := ramp(p[i].at, p[i+1].at, t)
	if a.Peek > 0 && b.Peek == 0 {
		return a, true
	}
	between := func(from, to float32) float32 { return from + (to-from)*f }
	bird := nest.Bird{
		X: between(a.X, b.X), Y: between(a.Y, b.Y), Z: between(a.Z, b.Z),
		Heading: between(a.Heading, b.Heading), Wings: between(a.Wings, b.Wings), Turn: between(a.Turn, b.Turn),
		Reach: between(a.Reach, b.Reach), Peek: between(a.Peek, b.Peek), Prey: a.Prey,
	}
	if distance(a, b) > 2.2 { // in the air it beats its wings
		bird.Wings = 0.5 + 0.45*float32(math.Sin(2*math.Pi*6.3*t))
		if bird.Z > 14.8 {
			bird.Wings = min(bird.Wings, 0.25)
		}
	}
	return bird, true
}

func distance(a, b nest.Bird) float64 {
	return math.Sqrt(float64((a.X-b.X)*(a.X-b.X) + (a.Y-b.Y)*(a.Y-b.Y) + (a.Z-b.Z)*(a.Z-b.Z)))
}

// visit of a bird. It gives what it brings to one chick and looks at another.
type visit struct {
	at   float64
	path path
	fed  [2]int
}

type visits []visit

// state is who is in the box. The light is for the script to say.
func (v visits) state(t float64) nest.State {
	var state nest.State
	for _, visit := range v {
		since := t - visit.at
		if bird, ok := visit.path.when(since); ok {
			state.Birds = append(state.Birds, bird)
		}
		visit.beg(&state, since)
	}
	return state
}

// beg makes the chicks ask for food from when the hole darkens until a little after the bird is gone.
func (v visit) beg(state *nest.State, since float64) {
	if since < 0.2 || !v.path[0].bird.Prey {
		return
	}
	end := v.path.length() - 0.6
	for i := range state.Chicks {
		own := float64(i)
		until := end + 0.25*own
		if i == v.fed[0] {
			until = 3.6 // it has got what it wanted
		}
		beg := ramp(0.2+0.07*own, 0.8+0.07*own, since) * (1 - ramp(until, until+0.9, since))
		if beg <= 0.01 {
			continue
		}
		eager := float32(0.78 + 0.22*math.Sin(own*2.3+since*(1.1+0.2*own)))
		state.Chicks[i] = nest.Chick{
			Beg: beg * eager,
			Lean: paint.Point{
				X: float32(0.55*math.Sin(since*(5.1+0.7*own)+own) + 0.3*math.Sin(since*1.3+own*1.7)),
				Y: float32(0.25 * math.Cos(since*(4.3+0.5*own)+own*0.7)),
			},
		}
	}
}
