package bench

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// side is one of the two that are compared.
type side struct {
	rates  []float64 // requests per second, by round
	allocs []float64 // allocations per request, by round
	cpu    []float64 // processor time per request in microseconds, by round; of this process and those it started
}

// measure runs bare and real by turns, swapping who goes first, so that what the machine does beside hits both alike.
// The allocations are of the whole process; the clients make next to none.
func measure(bare, real *load, rounds int, slice time.Duration) (b, r side, err error) {
	// Connections, pools and caches are warm before the first round counts.
	for _, l := range []*load{bare, real} {
		if _, _, err := l.run(slice / 2); err != nil {
			return b, r, err
		}
	}
	for round := range rounds {
		first, second := turn{bare, &b}, turn{real, &r}
		if round%2 == 1 {
			first, second = second, first
		}
		for _, t := range []turn{first, second} {
			if err := t.take(slice); err != nil {
				return b, r, fmt.Errorf("round %d: %w", round, err)
			}
		}
	}
	return b, r, nil
}

type turn struct {
	load *load
	side *side
}

func (t turn) take(d time.Duration) error {
	// The garbage of the other side is not this one's to clear.
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := cpuTime()
	answered, took, err := t.load.run(d)
	if err != nil {
		return err
	}
	used = cpuTime() - used
	runtime.ReadMemStats(&after)
	t.side.rates = append(t.side.rates, float64(answered)/took.Seconds())
	t.side.allocs = append(t.side.allocs, float64(after.Mallocs-before.Mallocs)/float64(answered))
	t.side.cpu = append(t.side.cpu, float64(used.Nanoseconds())/1000/float64(answered))
	return nil
}

// ratios of the two sides, round by round.
func ratios(bare, real side) []float64 {
	all := make([]float64, len(real.rates))
	for i := range all {
		all[i] = real.rates[i] / bare.rates[i]
	}
	return all
}

// median of a set that is not empty.
func median[T cmp.Ordered](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}
