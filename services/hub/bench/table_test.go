package bench

import (
	"fmt"
	"io"
	"slices"
	"sync"
	"text/tabwriter"
)

// row is a line of the result.
type row struct {
	path, variant string
	bare, real    side
	aim           float64 // 0: none is stated
}

// results collects rows until the program prints them, in the order in which they were measured.
var results struct {
	sync.Mutex
	rows []row
}

func report(r row) {
	results.Lock()
	defer results.Unlock()
	results.rows = append(results.rows, r)
}

func printTable(w io.Writer) {
	results.Lock()
	defer results.Unlock()
	if len(results.rows) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%d clients, %d rounds of %v a side; medians, the ratio with its range\n\n", *clients, *rounds, *slice)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "path\tvariant\treq/s\tbare req/s\tratio\trange\taim\tµs of cpu\tbare\tallocs\tbare")
	for _, r := range results.rows {
		all := ratios(r.bare, r.real)
		aim := "-"
		if r.aim > 0 {
			aim = fmt.Sprintf("≥ %.2f", r.aim)
			if median(all) < r.aim {
				aim += " missed"
			}
		}
		fmt.Fprintf(t, "%s\t%s\t%.0f\t%.0f\t%.2f\t%.2f–%.2f\t%s\t%.0f\t%.0f\t%.0f\t%.0f\n", r.path, r.variant,
			median(r.real.rates), median(r.bare.rates), median(all), slices.Min(all), slices.Max(all), aim,
			median(r.real.cpu), median(r.bare.cpu), median(r.real.allocs), median(r.bare.allocs))
	}
	_ = t.Flush()
}
