package storetest

import (
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/media"
)

func shownOnceFinished(t *testing.T, s media.Store) {
	p := begin(t, s, picture(1))
	if p.State != media.StateWriting {
		t.Errorf("state %q, want writing", p.State)
	}
	missing(t, s, p.ID)
	equalIDs(t, "list", list(t, s, media.Query{}))
	for range 2 { // finishing twice is true twice
		if ok, err := s.Finish(t.Context(), p.ID); !ok || err != nil {
			t.Fatalf("Finish = %v, %v", ok, err)
		}
	}
	equalIDs(t, "list", list(t, s, media.Query{}), p.ID)
	if ok, err := s.Exists(t.Context(), p.ID); !ok || err != nil {
		t.Errorf("Exists = %v, %v", ok, err)
	}
	other := picture(2).ID
	missing(t, s, other)
	if ok, err := s.Exists(t.Context(), other); ok || err != nil {
		t.Errorf("Exists = %v, %v", ok, err)
	}
	if ok, err := s.Finish(t.Context(), other); ok || err != nil {
		t.Errorf("Finish of nothing = %v, %v", ok, err)
	}
}

func comesBack(t *testing.T, s media.Store) {
	for _, p := range []media.Picture{
		picture(1),
		picture(2, func(p *media.Picture) { p.EventID = "" }),
	} {
		want := store(t, s, p)
		p.State = media.StateStored
		got, err := s.Picture(t.Context(), p.ID)
		if err != nil || got != p || want != p {
			t.Errorf("stored %+v, returned %+v, read %+v, %v", p, want, got, err)
		}
	}
}

func sameIsOneRow(t *testing.T, s media.Store) {
	for _, event := range []string{"e", ""} {
		withEvent := func(p *media.Picture) { p.EventID = event }
		first := begin(t, s, picture(1, withEvent))
		// Joined while writing, and again once stored.
		if again := begin(t, s, picture(1, withEvent)); again != first {
			t.Errorf("event %q: second row %+v, want %+v", event, again, first)
		}
		stored := store(t, s, picture(1, withEvent))
		if stored.ID != first.ID {
			t.Errorf("event %q: id %s, want %s", event, stored.ID, first.ID)
		}
		if again := begin(t, s, picture(1, withEvent)); again != stored {
			t.Errorf("event %q: third row %+v, want %+v", event, again, stored)
		}
	}
	if n := len(list(t, s, media.Query{})); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func sameAtOnce(t *testing.T, s media.Store) {
	var wg sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		wg.Go(func() { ids[i] = store(t, s, picture(1)).ID })
	}
	wg.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Errorf("ids %v, want one", ids)
			break
		}
	}
	equalIDs(t, "list", list(t, s, media.Query{}), ids[0])
}

func othersAreOthers(t *testing.T, s media.Store) {
	store(t, s, picture(1))
	store(t, s, picture(1, func(p *media.Picture) { p.EventID = "other" }))
	store(t, s, picture(1, func(p *media.Picture) { p.EventID = "" }))
	store(t, s, picture(1, func(p *media.Picture) { p.DeviceID = deviceB }))
	store(t, s, picture(1, func(p *media.Picture) { p.SHA256[31] ^= 1 }))
	if n := len(list(t, s, media.Query{})); n != 5 {
		t.Errorf("%d rows, want 5", n)
	}
}

func comesAgain(t *testing.T, s media.Store) {
	first := store(t, s, picture(1))
	condemn(t, s, media.ReasonOperator, first.ID)
	second := store(t, s, picture(1))
	if second.ID == first.ID {
		t.Error("the condemned row was joined")
	}
	if err := s.Erase(t.Context(), []string{first.ID}); err != nil {
		t.Fatal(err)
	}
	equalIDs(t, "list", list(t, s, media.Query{}), second.ID)
}

func abandonOnlyWriting(t *testing.T, s media.Store) {
	writing, stored := begin(t, s, picture(1)), store(t, s, picture(2))
	for _, id := range []string{writing.ID, stored.ID, picture(3).ID} {
		if err := s.Abandon(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if ok, err := s.Exists(t.Context(), writing.ID); ok || err != nil {
		t.Errorf("writing row exists: %v, %v", ok, err)
	}
	equalIDs(t, "list", list(t, s, media.Query{}), stored.ID)
}

func finishAfterCondemn(t *testing.T, s media.Store) {
	p := store(t, s, picture(1))
	condemn(t, s, media.ReasonQuota, p.ID)
	if ok, err := s.Finish(t.Context(), p.ID); ok || err != nil {
		t.Errorf("Finish = %v, %v; want false", ok, err)
	}
	missing(t, s, p.ID)
}

func filters(t *testing.T, s media.Store) {
	all := idsOf(storeMany(t, s, 6)) // device A, captured at minutes 0 to 5
	b := store(t, s, picture(2, func(p *media.Picture) { p.DeviceID = deviceB })).ID
	if _, err := s.SetPinned(t.Context(), all[4], true, entry(all[4], media.ActionPin, 0)); err != nil {
		t.Fatal(err)
	}
	yes, no := true, false
	minute := func(n int) time.Time { return base.Add(time.Duration(n) * time.Minute) }
	for name, tc := range map[string]struct {
		q    media.Query
		want []string
	}{
		"device":              {media.Query{DeviceID: deviceB}, []string{b}},
		"event":               {media.Query{EventID: "e3"}, []string{all[3]}},
		"event of a device":   {media.Query{EventID: "e2", DeviceID: deviceA}, []string{all[2]}},
		"from is inclusive":   {media.Query{From: minute(4)}, []string{all[5], all[4]}},
		"to is exclusive":     {media.Query{To: minute(1)}, []string{all[0]}},
		"between":             {media.Query{From: minute(1), To: minute(2)}, []string{all[1]}},
		"pinned":              {media.Query{Pinned: &yes}, []string{all[4]}},
		"not pinned":          {media.Query{Pinned: &no, From: minute(3)}, []string{all[5], all[3]}},
		"received before":     {media.Query{ReceivedBefore: minute(1).Add(time.Second)}, []string{all[0]}},
		"oldest first":        {media.Query{OldestFirst: true, Limit: 2}, []string{all[0], all[1]}},
		"newest first":        {media.Query{Limit: 2}, []string{all[5], all[4]}},
		"nothing":             {media.Query{DeviceID: "AA:00:00:00:00:FF"}, nil},
		"after, newest":       {media.Query{DeviceID: deviceA, After: media.Position{At: minute(2), ID: all[2]}}, []string{all[1], all[0]}},
		"after, oldest":       {media.Query{OldestFirst: true, After: media.Position{At: minute(4), ID: all[4]}}, []string{all[5]}},
		"event is not a LIKE": {media.Query{EventID: "e_"}, nil},
	} {
		equalIDs(t, name, list(t, s, tc.q), tc.want...)
	}
}

func stablePages(t *testing.T, s media.Store) {
	all := reversed(idsOf(storeMany(t, s, 7)))
	var got []string
	var after media.Position
	for page := range 10 {
		found := list(t, s, media.Query{Limit: 3, After: after})
		if len(found) == 0 {
			break
		}
		got = append(got, idsOf(found)...)
		last := found[len(found)-1]
		after = media.Position{At: last.CapturedAt, ID: last.ID}
		store(t, s, picture(100+page)) // newer than everything: on no later page
	}
	if len(got) != len(all) {
		t.Fatalf("%d pictures in all pages, want %d", len(got), len(all))
	}
	for i := range all {
		if got[i] != all[i] {
			t.Fatalf("pages %v, want %v", got, all)
		}
	}
}

func equalTimes(t *testing.T, s media.Store) {
	var want []string
	for i := range 5 {
		p := store(t, s, picture(i, func(p *media.Picture) { p.CapturedAt = base }))
		want = append(want, p.ID)
	}
	var got []string
	var after media.Position
	for range want {
		found := list(t, s, media.Query{Limit: 1, After: after})
		got = append(got, idsOf(found)...)
		if len(found) == 1 {
			after = media.Position{At: found[0].CapturedAt, ID: found[0].ID}
		}
	}
	if want = reversed(want); len(got) != len(want) || got[0] != want[0] || got[4] != want[4] {
		t.Errorf("pages %v, want %v", got, want)
	}
}

func byID(t *testing.T, s media.Store) {
	writing := begin(t, s, picture(1)).ID
	stored := store(t, s, picture(2)).ID
	deleting := store(t, s, picture(3)).ID
	condemn(t, s, media.ReasonLost, deleting)
	page := func(read string, after string, limit int) []media.Picture {
		t.Helper()
		f := s.Page
		if read == "unfinished" {
			f = s.Unfinished
		}
		found, err := f(t.Context(), after, limit)
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	equalIDs(t, "all", page("page", "", 10), writing, stored, deleting)
	equalIDs(t, "first two", page("page", "", 2), writing, stored)
	equalIDs(t, "after the first", page("page", writing, 10), stored, deleting)
	unfinished := page("unfinished", "", 10)
	equalIDs(t, "unfinished", unfinished, writing, deleting)
	if len(unfinished) == 2 && (unfinished[0].State != media.StateWriting || unfinished[1].State != media.StateDeleting) {
		t.Errorf("states %q and %q", unfinished[0].State, unfinished[1].State)
	}
	equalIDs(t, "unfinished after the first", page("unfinished", writing, 10), deleting)
}

func usage(t *testing.T, s media.Store) {
	all := storeMany(t, s, 3) // 100, 101 and 102 bytes
	begin(t, s, picture(10))
	condemn(t, s, media.ReasonQuota, all[0].ID)
	if _, err := s.SetPinned(t.Context(), all[2].ID, true, entry(all[2].ID, media.ActionPin, 0)); err != nil {
		t.Fatal(err)
	}
	want := media.Usage{Bytes: 203, PinnedBytes: 102, Pictures: 2, OldestAt: all[1].CapturedAt}
	if got, err := s.Usage(t.Context()); err != nil || got != want {
		t.Errorf("Usage = %+v, %v; want %+v", got, err, want)
	}
}

func inflow(t *testing.T, s media.Store) {
	all := storeMany(t, s, 4)
	begin(t, s, picture(10))
	condemn(t, s, media.ReasonQuota, all[1].ID) // in state deleting: counted once
	condemn(t, s, media.ReasonQuota, all[2].ID)
	if err := s.Erase(t.Context(), []string{all[2].ID}); err != nil {
		t.Fatal(err)
	}
	bytes, first, err := s.Inflow(t.Context(), all[1].CapturedAt)
	if err != nil || bytes != 101+102+103 || !first.Equal(all[1].CapturedAt) {
		t.Errorf("Inflow = %d since %v, %v", bytes, first, err)
	}
}

func devices(t *testing.T, s media.Store) {
	store(t, s, picture(1, func(p *media.Picture) { p.DeviceID = deviceB }))
	store(t, s, picture(1))
	store(t, s, picture(2))
	begin(t, s, picture(3, func(p *media.Picture) { p.DeviceID = "AA:00:00:00:00:0C" }))
	got, err := s.Devices(t.Context())
	if err != nil || len(got) != 2 || got[0] != deviceA || got[1] != deviceB {
		t.Errorf("Devices = %v, %v", got, err)
	}
}

func times(t *testing.T, s media.Store) {
	zone := time.FixedZone("elsewhere", 5400)
	at := time.Date(2026, 3, 1, 12, 0, 0, 987654000, zone)
	p := store(t, s, picture(1, func(p *media.Picture) { p.CapturedAt, p.ReceivedAt = at, at.Add(time.Microsecond) }))
	got, err := s.Picture(t.Context(), p.ID)
	if err != nil || !got.CapturedAt.Equal(at) || got.CapturedAt.Location() != time.UTC ||
		got.ReceivedAt.Sub(got.CapturedAt) != time.Microsecond {
		t.Errorf("captured %v, received %v, %v; want %v", got.CapturedAt, got.ReceivedAt, err, at)
	}
}

func empty(t *testing.T, s media.Store) {
	ctx := t.Context()
	if u, err := s.Usage(ctx); err != nil || u != (media.Usage{}) {
		t.Errorf("Usage = %+v, %v", u, err)
	}
	if n, first, err := s.Inflow(ctx, base); err != nil || n != 0 || !first.IsZero() {
		t.Errorf("Inflow = %d, %v, %v", n, first, err)
	}
	if d, err := s.Devices(ctx); err != nil || len(d) != 0 {
		t.Errorf("Devices = %v, %v", d, err)
	}
	if d, err := s.Deletions(ctx, media.Page{Limit: 10}); err != nil || len(d) != 0 {
		t.Errorf("Deletions = %v, %v", d, err)
	}
	if a, err := s.Audit(ctx, media.Page{Limit: 10}); err != nil || len(a) != 0 {
		t.Errorf("Audit = %v, %v", a, err)
	}
	if gone := condemn(t, s, media.ReasonQuota); len(gone) != 0 {
		t.Errorf("Condemn of nothing = %v", gone)
	}
	if err := s.Erase(ctx, nil); err != nil {
		t.Error(err)
	}
}
