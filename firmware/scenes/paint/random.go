package paint

import "math"

// Random is a sequence of numbers that is the same on every machine and in every release of Go (SplitMix64).
type Random struct{ state uint64 }

// NewRandom starts a sequence; equal seeds give equal sequences.
func NewRandom(seed uint64) *Random { return &Random{state: seed} }

// Uint64 is the next of the sequence.
func (r *Random) Uint64() uint64 {
	r.state += 0x9E3779B97F4A7C15
	z := r.state
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

// Float is in [0, 1).
func (r *Random) Float() float32 { return float32(r.Uint64()>>40) / (1 << 24) }

// Between is in [lo, hi).
func (r *Random) Between(lo, hi float32) float32 { return lo + (hi-lo)*r.Float() }

// Normal has mean 0 and deviation 1. It is the sum of eight numbers of one draw: its tails end at 4.9, which
// is far enough for noise.
func (r *Random) Normal() float32 {
	z := r.Uint64()
	sum := int32(-1020)
	for range 8 {
		sum += int32(z & 0xFF)
		z >>= 8
	}
	return float32(sum) * (1 / 209.0)
}

// Noise is smooth noise in [0, 1] with features of size 1.
func Noise(x, y float32, seed uint32) float32 {
	fx, fy := float32(math.Floor(float64(x))), float32(math.Floor(float64(y)))
	ix, iy := int32(fx), int32(fy)
	tx, ty := x-fx, y-fy
	tx, ty = tx*tx*(3-2*tx), ty*ty*(3-2*ty)
	top := lattice(ix, iy, seed)*(1-tx) + lattice(ix+1, iy, seed)*tx
	bottom := lattice(ix, iy+1, seed)*(1-tx) + lattice(ix+1, iy+1, seed)*tx
	return top*(1-ty) + bottom*ty
}

// Fractal is noise with finer noise on it, in [0, 1].
func Fractal(x, y float32, octaves int, seed uint32) float32 {
	var sum, total float32
	weight := float32(1)
	for i := range octaves {
		sum += weight * Noise(x, y, seed+uint32(i)*101)
		total += weight
		weight /= 2
		x, y = x*2.03, y*2.03
	}
	return sum / total
}

func lattice(x, y int32, seed uint32) float32 {
	h := uint32(x)*0x85EBCA6B ^ uint32(y)*0xC2B2AE35 ^ seed*0x27D4EB2F
	h = (h ^ h>>15) * 0x2C1B3C6D
	h = (h ^ h>>12) * 0x297A2D39
	return float32((h^h>>15)>>8) / (1 << 24)
}
