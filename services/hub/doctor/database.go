package doctor

import (
	"context"
	"errors"
	"fmt"
	"os"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/sqlite"
)

// Databases lets SQLite read every page of every database and every index.
func Databases(p datadir.Path) Check {
	return Check{"databases", func(ctx context.Context) Finding {
		var total int64
		for _, name := range []string{datadir.RegistryDB, datadir.TelemetryDB, datadir.MediaDB} {
			info, err := os.Stat(p.In(name)) // opening would create it
			if err != nil {
				return bad("restore the last backup: nestbox restore --force FILE", "%v", err)
			}
			total += info.Size()
			if err := integrity(ctx, p.In(name)); err != nil {
				return bad("stop the hub, keep a copy of the folder, and restore the last backup: nestbox restore --force FILE", "%v", err)
			}
		}
		return good("whole, %s", Bytes(total))
	}}
}

func integrity(ctx context.Context, path string) (err error) {
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }() //nolint:contextcheck // what was opened is closed also when ctx has ended
	var first string
	if err := db.Read.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&first); err != nil {
		return fmt.Errorf("check %s: %w", path, err)
	}
	if first != "ok" {
		return fmt.Errorf("%s is damaged: %s", path, first)
	}
	return nil
}

// Key checks that the signing key can be used.
func Key(p datadir.Path) Check {
	return Check{"key", func(context.Context) Finding {
		path := p.In(datadir.TokenKey)
		if _, err := os.Stat(path); err != nil { // loading would create it
			return bad("restore it from a backup; with a new one every camera registers again", "%v", err)
		}
		if _, err := auth.LoadOrCreateKey(path); err != nil {
			return bad("restore it from a backup; with a new one every camera registers again", "%v", err)
		}
		return good("signs tokens")
	}}
}

// Agreement is what laying the index beside the folder found.
type Agreement struct {
	Pictures int // in the index, whole in the folder
	Missing  int // in the index, not in the folder
	Damaged  int // in both, with different lengths
	Unknown  int // in the folder only
}

// Pictures checks that index and folder agree.
func Pictures(compare func(context.Context) (Agreement, error)) Check {
	return Check{"pictures", func(ctx context.Context) Finding {
		a, err := compare(ctx)
		if err != nil {
			return bad("see the line about the databases", "%v", err)
		}
		if a.Missing > 0 || a.Damaged > 0 {
			return bad("the hub notes missing ones as lost by itself; check the disk (dmesg), and restore a backup if you need them",
				"%d are whole, %d are missing, %d are damaged", a.Pictures, a.Missing, a.Damaged)
		}
		if a.Unknown > 0 {
			return bad("move what you put there elsewhere; the hub never deletes a file that it does not know",
				"%d, all whole; %d other files lie among them", a.Pictures, a.Unknown)
		}
		return good("%d, all whole", a.Pictures)
	}}
}
