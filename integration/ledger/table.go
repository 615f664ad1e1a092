package ledger

import (
	"fmt"
	"strings"
	"sync"
	"text/tabwriter"
)

// Table is the balance after each fault, to be printed and kept.
type Table struct {
	Head string

	mu   sync.Mutex
	rows []Row
}

// Add enters rows at the end. Safe for concurrent use.
func (t *Table) Add(rows ...Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, rows...)
}

// Row is the balance after one fault. Its numbers are of all events and pictures of its lab so far.
type Row struct {
	Fault   string
	Balance Balance
	// Commands is how many were sent so far; each has ended in one final state.
	Commands int
	// Seconds is how long it took from the end of the fault until the ledger was clean.
	Seconds float64
}

// String is the table in Markdown.
func (t *Table) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", t.Head)
	w := tabwriter.NewWriter(&b, 0, 0, 1, ' ', 0)
	fmt.Fprintln(w, "| fault\t| events queued\t| in the hub\t| pictures answered\t| in the hub\t| commands\t| clean after\t| ledger\t|")
	fmt.Fprintln(w, "| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t| ---\t|")
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s\t| %d\t| %d\t| %d\t| %d\t| %d\t| %.1f s\t| %s\t|\n", r.Fault, r.Balance.EventsQueued, r.Balance.EventsHeld,
			r.Balance.PicturesAnswered, r.Balance.PicturesHeld, r.Commands, r.Seconds, r.Balance.verdict())
	}
	_ = w.Flush() // into memory
	return b.String()
}

func (b Balance) verdict() string {
	if b.Clean() {
		return "clean"
	}
	var parts []string
	for _, k := range []Kind{EventMissing, EventDoubled, EventUnknown, PictureMissing, PictureTorn, PictureDoubled} {
		if n := b.Count(k); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, k))
		}
	}
	return strings.Join(parts, ", ")
}
