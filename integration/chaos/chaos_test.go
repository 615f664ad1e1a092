//go:build lab

package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"home.arpa/nestbox/integration/broken"
	"home.arpa/nestbox/integration/harness"
	"home.arpa/nestbox/integration/ledger"
)

const (
	camerasReporting = 20
	fleetSize        = 200
	// settlesWithin is how long an event or a picture is on its way when nothing is wrong, and some more.
	settlesWithin = 15 * time.Second
)

// The faults come one after the other to the same lab, so that each also meets what the one before it left behind.
func TestChaos(t *testing.T) {
	long := os.Getenv("NESTBOX_CHAOS") == "long"
	w := startWorld(t, camerasReporting)
	round := "short"
	if long {
		round = "long"
	}
	table := &ledger.Table{Head: fmt.Sprintf("The ledger of the %s round, %d cameras, %s", round, camerasReporting, time.Now().UTC().Format(time.RFC3339))}
	t.Cleanup(func() { keep(t, table) })

	for _, f := range faults() {
		lasts := f.short
		if long {
			lasts = f.long
		}
		t.Run(f.name, func(t *testing.T) {
			w.send(t)
			heal := f.begin(t, w)
			pause(t, lasts)
			heal()
			w.account(t, table, f.name, time.Now())
		})
	}
	for _, b := range []struct {
		defect broken.Defect
		want   ledger.Kind
	}{
		{broken.EventDropped, ledger.EventMissing},
		{broken.EventDoubled, ledger.EventDoubled},
		{broken.PictureTruncated, ledger.PictureTorn},
		{broken.PictureMisfiled, ledger.PictureMissing},
	} {
		t.Run("broken build "+b.defect.Name, func(t *testing.T) { w.catch(t, table, b.defect, b.want) })
	}
	t.Run("200 cameras powered on", func(t *testing.T) { w.powerOnFleet(t, table) })
}

// account waits until all is well again, with every camera online, and enters the balance.
func (w *world) account(t *testing.T, table *ledger.Table, name string, healed time.Time) {
	t.Helper()
	w.lab.As(t).AwaitServing()
	b, said := w.settle(t, patience)
	row := ledger.Row{Fault: name, Balance: b, Seconds: time.Since(healed).Seconds()}
	w.awaitOnline(t, healed)
	w.settleCommands(t)
	row.Commands = len(w.commands)
	table.Rows = append(table.Rows, row)
	if !b.Clean() {
		w.tell(t, b, said)
		w.ignore(b) // or the next fault would be blamed for it
	}
}

// powerOnFleet starts many cameras at the same moment; every one has to be let in, to beat and to report.
func (w *world) powerOnFleet(t *testing.T, table *ledger.Table) {
	start := time.Now()
	w.lab.Up(t, []string{fmt.Sprintf("NESTBOX_FLEET=%d", fleetSize)}, "fleet")
	fleet := w.lab.Container(t, "fleet")
	w.fleet = &camera{Container: fleet, said: fleet.Follow(t)}
	w.awaitOnline(t, start)
	t.Logf("%d more cameras are online %v after their container's start, which makes the flash of each first",
		fleetSize, time.Since(start).Round(100*time.Millisecond))
	w.account(t, table, fmt.Sprintf("%d cameras powered on", fleetSize), start)
}

// catch runs a broken build and wants the ledger to see what it does.
func (w *world) catch(t *testing.T, table *ledger.Table, d broken.Defect, want ledger.Kind) {
	if before, _ := w.settle(t, patience); !before.Clean() {
		t.Fatalf("the ledger was not clean before: %v", before.Findings)
	}
	repair := exchange(t, w, d)
	var found ledger.Balance
	harness.Until(t, "the ledger finds "+string(want), patience, func() bool {
		found, _ = w.settle(t, settlesWithin)
		return found.Count(want) > 0
	})
	table.Rows = append(table.Rows, ledger.Row{Fault: "broken build " + d.Name, Balance: found, Commands: len(w.commands)})
	repair()
	w.lab.As(t).AwaitServing()
	for b, _ := w.settle(t, settlesWithin); !b.Clean(); b, _ = w.settle(t, settlesWithin) {
		w.ignore(b)
	}
}

// keep prints the table and writes it to build/chaos/ledger.md.
func keep(t *testing.T, table *ledger.Table) {
	t.Logf("\n%s", table)
	path := filepath.Join(harness.Root(), "build", "chaos", "ledger.md")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(table.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
