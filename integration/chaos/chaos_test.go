package chaos

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
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

// Within a group the faults come one after the other to the same lab, so that each also meets what the one before it left behind. The
// groups have a lab each, all at once, since what takes long is that cameras wait before they try again.
func TestChaos(t *testing.T) {
	round := "short"
	if long() {
		round = "long"
	}
	table := &ledger.Table{Head: fmt.Sprintf("The ledger of the %s round, %d cameras a lab, %s", round, camerasReporting, time.Now().UTC().Format(time.RFC3339))}
	t.Cleanup(func() { keep(t, table) })

	t.Run("at once", func(t *testing.T) {
		for _, group := range []struct {
			name string
			test func(t *testing.T, w *world)
		}{
			{"crashes", func(t *testing.T, w *world) { w.suffer(t, crashes()) }},
			{"network", func(t *testing.T, w *world) { w.suffer(t, surroundings()) }},
			{"wrong", func(t *testing.T, w *world) {
				w.catchAll(t)
				w.suffer(t, clocks())
			}},
		} {
			t.Run(group.name, func(t *testing.T) {
				t.Parallel()
				w := startWorld(t, group.name)
				t.Cleanup(func() { table.Add(w.rows...) })
				group.test(t, w)
			})
		}
	})
	// By itself: it takes all that the machine has.
	t.Run("fleet", func(t *testing.T) {
		w := startWorld(t, "fleet")
		t.Cleanup(func() { table.Add(w.rows...) })
		w.powerOnFleet(t)
	})
}

// long tells the long round of `make chaos` from the short one of `make test`.
func long() bool { return os.Getenv("NESTBOX_CHAOS") == "long" }

// suffer lets the faults come one after the other, and holds the ledger to each.
func (w *world) suffer(t *testing.T, faults []fault) {
	for _, f := range faults {
		lasts := f.short
		if long() {
			lasts = f.long
		}
		t.Run(f.name, func(t *testing.T) {
			w.send(t)
			heal := f.begin(t, w)
			pause(t, lasts)
			heal()
			w.account(t, f.name, time.Now())
		})
	}
}

// catchAll runs each broken build, and wants the ledger to see what it does.
func (w *world) catchAll(t *testing.T) {
	for _, b := range []struct {
		defect broken.Defect
		want   ledger.Kind
	}{
		{broken.EventDropped, ledger.EventMissing},
		{broken.EventDoubled, ledger.EventDoubled},
		{broken.PictureTruncated, ledger.PictureTorn},
		{broken.PictureMisfiled, ledger.PictureMissing},
	} {
		t.Run("broken build "+b.defect.Name, func(t *testing.T) { w.catch(t, b.defect, b.want) })
	}
}

// account waits until all is well again, with every camera online, and enters the balance.
func (w *world) account(t *testing.T, name string, healed time.Time) {
	t.Helper()
	w.lab.As(t).AwaitServing()
	b, said := w.settle(t, patience)
	row := ledger.Row{Fault: name, Balance: b, Seconds: time.Since(healed).Seconds()}
	w.awaitOnline(t, healed)
	w.settleCommands(t)
	row.Commands = len(w.commands)
	w.rows = append(w.rows, row)
	if !b.Clean() {
		w.tell(t, b, said)
		w.ignore(b) // or the next fault would be blamed for it
	}
}

// powerOnFleet starts many cameras at the same moment; every one has to be let in, to beat and to report.
func (w *world) powerOnFleet(t *testing.T) {
	t.Helper()
	w.send(t)
	w.lab.Up(t, []string{fmt.Sprintf("NESTBOX_FLEET=%d", fleetSize)}, "fleet")
	fleet := w.lab.Container(t, "fleet")
	said := fleet.Follow(t)
	harness.Until(t, "the flash of each is made", patience, func() bool { return strings.Contains(said.String(), "cameras of the lab") })
	start := time.Now()
	w.fleet = &camera{Container: fleet, said: said}
	w.awaitOnline(t, start)
	t.Logf("%d more cameras are online %v after their power", fleetSize, time.Since(start).Round(100*time.Millisecond))
	w.account(t, fmt.Sprintf("%d cameras powered on", fleetSize), start)
}

// catch runs a broken build and wants the ledger to see what it does.
func (w *world) catch(t *testing.T, d broken.Defect, want ledger.Kind) {
	if before, _ := w.settle(t, patience); !before.Clean() {
		t.Fatalf("the ledger was not clean before: %v", before.Findings)
	}
	repair := exchange(t, w, d)
	var found ledger.Balance
	harness.Until(t, "the ledger finds "+string(want), patience, func() bool {
		found, _ = w.settle(t, settlesWithin)
		return found.Count(want) > 0
	})
	w.rows = append(w.rows, ledger.Row{Fault: "broken build " + d.Name, Balance: found, Commands: len(w.commands)})
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
