package hub

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/folder"
	mediasqlite "home.arpa/nestbox/services/media/sqlite"
)

// Inventory is what laying the index of the pictures beside their folder finds.
type Inventory struct {
	Whole   int // in both, with one length
	Missing int // in the index only
	Damaged int // in both, with different lengths
	Unknown int // in the folder only
	Bytes   int64
}

// TakeInventory compares index and folder of a hub that may be running, and changes neither. What a running hub stores or
// deletes meanwhile is not counted as wrong.
func TakeInventory(ctx context.Context, data datadir.Path) (_ Inventory, err error) {
	if _, err := os.Stat(data.In(datadir.Pictures)); err != nil {
		return Inventory{}, fmt.Errorf("folder of the pictures: %w", err)
	}
	scratch, err := os.MkdirTemp("", "nestbox-inventory-")
	if err != nil {
		return Inventory{}, fmt.Errorf("make folder for a copy of the index: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	before, err := indexed(ctx, data, filepath.Join(scratch, "before.db"))
	if err != nil {
		return Inventory{}, err
	}
	found, unknown, err := inFolder(ctx, data)
	if err != nil {
		return Inventory{}, err
	}
	after, err := indexed(ctx, data, filepath.Join(scratch, "after.db"))
	if err != nil {
		return Inventory{}, err
	}

	inv := Inventory{Unknown: unknown}
	for id, p := range before {
		now, kept := after[id]
		size, there := found[id]
		switch {
		case p.State != media.StateStored || !kept || now.State != media.StateStored: // under way, or deleted meanwhile
		case !there:
			inv.Missing++
		case size != p.Bytes:
			inv.Damaged++
		default:
			inv.Whole++
			inv.Bytes += size
		}
	}
	for id := range found {
		_, was := before[id]
		_, is := after[id]
		if !was && !is {
			inv.Unknown++
		}
	}
	return inv, nil
}

// row is what the inventory keeps of a picture in the index.
type row struct {
	State media.State
	Bytes int64
}

// indexed reads all rows from a copy of the index: opening the index itself could bring it to the schema of this program
// while an older one runs on it.
func indexed(ctx context.Context, data datadir.Path, copied string) (map[string]row, error) {
	if err := snapshot(ctx, data.In(datadir.MediaDB), copied); err != nil {
		return nil, err
	}
	rows := make(map[string]row)
	err := withIndex(ctx, copied, func(index *mediasqlite.Store) error {
		return eachPicture(ctx, index, func(p media.Picture) { rows[p.ID] = row{p.State, p.Bytes} })
	})
	return rows, err
}

// inFolder lists the pictures in the folder with their lengths, and counts what is none.
func inFolder(ctx context.Context, data datadir.Path) (found map[string]int64, unknown int, err error) {
	files, err := folder.Open(data.In(datadir.Pictures))
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	found = make(map[string]int64)
	err = files.Walk(ctx, func(e media.Entry) error {
		if e.ID == "" {
			unknown++
		} else {
			found[e.ID] = e.Size
		}
		return nil
	})
	return found, unknown, err
}
