// Package storetest says what every media.Store must do. Each adapter's tests call
// Exercise with a function that makes an empty store.
package storetest

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/media"
)

// Exercise runs all claims, each on a store of its own.
func Exercise(t *testing.T, newStore func(t *testing.T) media.Store) {
	for name, claim := range claims {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claim(t, newStore(t))
		})
	}
}

var claims = map[string]func(t *testing.T, s media.Store){
	"a picture is shown once finished":             shownOnceFinished,
	"a finished picture comes back as it was":      comesBack,
	"the same picture is one row":                  sameIsOneRow,
	"the same picture at the same time is one row": sameAtOnce,
	"another event, device or content is another":  othersAreOthers,
	"a condemned picture may come again":           comesAgain,
	"abandon erases only what is writing":          abandonOnlyWriting,
	"finish does not bring back what is condemned": finishAfterCondemn,
	"filters":                                       filters,
	"pages are stable while pictures arrive":        stablePages,
	"equal times are paged by id":                   equalTimes,
	"pinning is recorded once":                      pinning,
	"pinning needs a stored picture":                pinningNeedsPicture,
	"condemn writes the ledger":                     condemnWritesLedger,
	"condemn takes a picture once":                  condemnOnce,
	"two that condemn at once share the pictures":   condemnAtOnce,
	"quota and age spare what is pinned":            sparesPinned,
	"an operator's deletion is audited":             operatorIsAudited,
	"erase drops only what is condemned":            eraseOnlyCondemned,
	"unfinished and page go by id":                  byID,
	"usage sums up what is stored":                  usage,
	"inflow counts what is gone again":              inflow,
	"devices with pictures":                         devices,
	"the ledger is paged and forgotten":             ledger,
	"the audit is paged":                            auditPages,
	"empty lists and sums are empty":                empty,
	"times are kept to the microsecond and are UTC": times,
}

// base is a time with microseconds that no rounding hides.
var base = time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)

const deviceA, deviceB = "AA:00:00:00:00:0A", "AA:00:00:00:00:0B"

// picture makes the n-th picture: captured n minutes after base, received a second
// later, 100+n bytes.
func picture(n int, change ...func(*media.Picture)) media.Picture {
	at := base.Add(time.Duration(n) * time.Minute)
	p := media.Picture{
		ID: uuid.Must(uuid.NewV7()).String(), DeviceID: deviceA, EventID: "e" + strconv.Itoa(n),
		CapturedAt: at, ReceivedAt: at.Add(time.Second), Bytes: int64(100 + n),
		SHA256: sha256.Sum256([]byte{byte(n), byte(n >> 8)}), Width: 640, Height: 480, State: media.StateWriting,
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func begin(t *testing.T, s media.Store, p media.Picture) media.Picture {
	t.Helper()
	row, err := s.Begin(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return row
}

// store puts a picture in and returns its row.
func store(t *testing.T, s media.Store, p media.Picture) media.Picture {
	t.Helper()
	row := begin(t, s, p)
	if ok, err := s.Finish(t.Context(), row.ID); err != nil || !ok {
		t.Fatalf("Finish = %v, %v", ok, err)
	}
	row.State = media.StateStored
	return row
}

// storeMany stores pictures 0 to n-1 and returns them, oldest first.
func storeMany(t *testing.T, s media.Store, n int) []media.Picture {
	t.Helper()
	var all []media.Picture
	for i := range n {
		all = append(all, store(t, s, picture(i)))
	}
	return all
}

func condemn(t *testing.T, s media.Store, reason media.Reason, ids ...string) []media.Picture {
	t.Helper()
	gone, err := s.Condemn(t.Context(), ids, media.Verdict{Reason: reason, At: base.Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return gone
}

func list(t *testing.T, s media.Store, q media.Query) []media.Picture {
	t.Helper()
	if q.Limit == 0 {
		q.Limit = 100
	}
	found, err := s.Pictures(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func idsOf(pictures []media.Picture) []string {
	var ids []string
	for _, p := range pictures {
		ids = append(ids, p.ID)
	}
	return ids
}

func equalIDs(t *testing.T, what string, got []media.Picture, want ...string) {
	t.Helper()
	if !slices.Equal(idsOf(got), want) {
		t.Errorf("%s: %v, want %v", what, idsOf(got), want)
	}
}

func missing(t *testing.T, s media.Store, id string) {
	t.Helper()
	if p, err := s.Picture(t.Context(), id); !errors.Is(err, media.ErrNoPicture) {
		t.Errorf("Picture = %+v, %v; want ErrNoPicture", p, err)
	}
}

func reversed(ids []string) []string {
	r := slices.Clone(ids)
	slices.Reverse(r)
	return r
}
