package bench

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"
)

// side is one of the two that are compared.
type side struct {
	rates  []float64 // requests per second, by round
	allocs []float64 // allocations per request, by round
	cpu    []float64 // processor time per request in microseconds, by round; of this process and those it started
}

// turn is one side with the load that measures it.
type turn struct {
	load      *load
	gcPercent int
	meter     meter
	side      side
}

// measure runs bare and real by turns, swapping who goes first, so that what the machine does beside hits both alike.
// The allocations are of the whole process; the clients make next to none.
func measure(bare, real *turn, rounds int, slice time.Duration) error {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	// Connections, pools and caches are warm before the first round counts.
	for _, t := range []*turn{bare, real} {
		if _, _, err := t.load.run(slice); err != nil {
			return err
		}
	}
	bare.meter, real.meter = newMeter(), newMeter()
	for round := range rounds {
		first, second := bare, real
		if round%2 == 1 {
			first, second = second, first
		}
		for _, t := range []*turn{first, second} {
			if err := t.take(slice); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
	}
	return nil
}

func (t *turn) take(d time.Duration) error {
	debug.SetGCPercent(t.gcPercent)
	// The garbage of the other side is not this one's to clear.
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	used := t.meter.read()
	answered, took, err := t.load.run(d)
	if err != nil {
		return err
	}
	used = t.meter.read() - used
	runtime.ReadMemStats(&after)
	if answered == 0 {
		return errors.New("nothing was answered in a whole slice")
	}
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
