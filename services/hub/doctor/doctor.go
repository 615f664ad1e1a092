// Package doctor looks at a hub from outside and says what is wrong and what to do about it. It changes nothing, and works
// whether or not the hub runs.
package doctor

import (
	"context"
	"fmt"
	"io"
	"time"
)

// Finding is the outcome of one look.
type Finding struct {
	Good   bool
	Detail string // what was seen
	Advice string // what to do; for bad findings
}

func good(format string, args ...any) Finding {
	return Finding{Good: true, Detail: fmt.Sprintf(format, args...)}
}

func bad(advice, format string, args ...any) Finding {
	return Finding{Detail: fmt.Sprintf(format, args...), Advice: advice}
}

// Check is one look at one thing.
type Check struct {
	Name string
	Look func(ctx context.Context) Finding
}

// lookLimit bounds one check. The slowest reads every page of a database from an SD card.
const lookLimit = 2 * time.Minute

// Examine runs the checks one after another, prints a line for each, and reports whether all was good.
func Examine(ctx context.Context, w io.Writer, checks []Check) bool {
	healthy := true
	for _, c := range checks {
		ctx, cancel := context.WithTimeout(ctx, lookLimit)
		f := c.Look(ctx)
		cancel()
		mark := "✓"
		if !f.Good {
			mark, healthy = "✗", false
		}
		fmt.Fprintf(w, "%s %-10s %s\n", mark, c.Name, f.Detail)
		if f.Advice != "" {
			fmt.Fprintf(w, "  %-10s → %s\n", "", f.Advice)
		}
	}
	return healthy
}
