package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

const (
	// unknownLogged bounds how many names of files that are not ours get into the log.
	unknownLogged = 10
	// massLoss is the number of missing pictures above which a loss of more than half
	// is taken for a disk that is not mounted, and nothing is written off.
	massLoss = 20
	// lossesAtOnce bounds how many are written off in one pass.
	lossesAtOnce = 10_000
)

// comparison is the state of one walk over the pictures.
type comparison struct {
	s       *Service
	r       *Reconciled
	rows    rowCursor
	stored  int      // rows in state stored
	missing []string // ids of those without bytes
	unknown []string // first names that are not ours
}

// comparePictures merges two lists in order of id: what Walk finds and the rows. It
// holds one page of rows at a time. What does not match may have changed since one
// of the lists was read, so each mismatch is looked at again before it counts.
func (s *Service) comparePictures(ctx context.Context, r *Reconciled) error {
	c := comparison{s: s, r: r, rows: rowCursor{store: s.store}}
	if err := s.pictures.Walk(ctx, func(e Entry) error { return c.entry(ctx, e) }); err != nil {
		return err
	}
	if _, err := c.rowsBelow(ctx, ""); err != nil {
		return err
	}
	if r.Unknown > 0 {
		s.log.WarnContext(ctx, "files beside the pictures that are not ours; they are left alone", "count", r.Unknown, "first", c.unknown)
	}
	return c.writeOff(ctx)
}

// entry takes the next thing that Walk found.
func (c *comparison) entry(ctx context.Context, e Entry) error {
	if e.ID == "" {
		c.notOurs(e)
		return nil
	}
	p, err := c.rowsBelow(ctx, e.ID)
	if err != nil {
		return err
	}
	if p.ID != e.ID {
		return c.unexpected(ctx, e)
	}
	c.rows.next()
	if p.State != StateStored {
		return nil
	}
	c.stored++
	if e.Size != p.Bytes {
		c.r.Damaged++
		c.s.log.ErrorContext(ctx, "picture has another length than when it was stored",
			"picture_id", p.ID, "bytes", p.Bytes, "bytes_found", e.Size)
	}
	return nil
}

// rowsBelow passes all rows with an id below the given one (empty: all), which have
// no bytes, and returns the row after them; the zero Picture after the last.
func (c *comparison) rowsBelow(ctx context.Context, id string) (Picture, error) {
	for {
		p, ok, err := c.rows.peek(ctx)
		if err != nil || !ok {
			return Picture{}, err
		}
		if id != "" && p.ID >= id {
			return p, nil
		}
		c.rows.next()
		if p.State != StateStored { // Repair's
			continue
		}
		c.stored++
		_, err = c.s.pictures.Size(ctx, p.ID)
		switch {
		case errors.Is(err, ErrNoBlob):
			if len(c.missing) < lossesAtOnce {
				c.missing = append(c.missing, p.ID)
			}
		case err != nil:
			return Picture{}, err
		}
	}
}

// unexpected looks again at bytes without a row.
func (c *comparison) unexpected(ctx context.Context, e Entry) error {
	exists, err := c.s.store.Exists(ctx, e.ID)
	if err != nil || exists {
		return err
	}
	_, err = c.s.pictures.Size(ctx, e.ID)
	if errors.Is(err, ErrNoBlob) {
		return nil // deleted since Walk read it
	}
	if err == nil {
		c.notOurs(e)
	}
	return err
}

func (c *comparison) notOurs(e Entry) {
	c.r.Unknown++
	if len(c.unknown) < unknownLogged {
		c.unknown = append(c.unknown, e.Name)
	}
}

// writeOff puts missing pictures into the ledger. Most of them at once is more
// likely a disk that is not mounted than a loss, and would come back.
func (c *comparison) writeOff(ctx context.Context) error {
	if n := len(c.missing); n > massLoss && n > c.stored/2 {
		return fmt.Errorf("%d of %d pictures have no bytes: nothing was written off, check that their disk is mounted", n, c.stored)
	}
	for batch := range slices.Chunk(c.missing, retainBatch) {
		gone, err := c.s.remove(ctx, batch, Verdict{Reason: ReasonLost, At: c.s.now()})
		for _, p := range gone {
			c.r.Lost++
			c.s.log.ErrorContext(ctx, "picture is lost: the index has it, its bytes are gone", "picture_id", p.ID, "device_id", p.DeviceID)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compareThumbnails removes thumbnails whose picture has no row: they are made from
// pictures and nothing else, so nobody else's file can be among them.
func (s *Service) compareThumbnails(ctx context.Context, r *Reconciled) error {
	rows := rowCursor{store: s.store}
	var orphans []string
	err := s.thumbnails.Walk(ctx, func(e Entry) error {
		if e.ID == "" {
			return nil
		}
		for {
			p, ok, err := rows.peek(ctx)
			switch {
			case err != nil:
				return err
			case ok && p.ID < e.ID:
				rows.next()
				continue
			case ok && p.ID == e.ID:
				return nil
			}
			exists, err := s.store.Exists(ctx, e.ID)
			if err == nil && !exists {
				orphans = append(orphans, e.ID)
			}
			return err
		}
	})
	if err != nil || len(orphans) == 0 {
		return err
	}
	r.Orphans = len(orphans)
	return s.thumbnails.Remove(ctx, orphans)
}

// rowCursor reads all rows in order of id, a page at a time.
type rowCursor struct {
	store Store
	page  []Picture
	after string
	done  bool
}

// peek returns the present row; ok is false after the last.
func (c *rowCursor) peek(ctx context.Context) (p Picture, ok bool, err error) {
	if len(c.page) == 0 && !c.done {
		if c.page, err = c.store.Page(ctx, c.after, reconcilePage); err != nil {
			return Picture{}, false, err
		}
		c.done = len(c.page) < reconcilePage
		if n := len(c.page); n > 0 {
			c.after = c.page[n-1].ID
		}
	}
	if len(c.page) == 0 {
		return Picture{}, false, nil
	}
	return c.page[0], true, nil
}

func (c *rowCursor) next() { c.page = c.page[1:] }
