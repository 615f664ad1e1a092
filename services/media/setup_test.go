package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/blob/folder"
	"home.arpa/nestbox/services/media/memory"
	mediasqlite "home.arpa/nestbox/services/media/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const camera = "AA:BB:CC:DD:EE:01"

var ada = media.Actor{Name: "ada", CredentialID: "c1"}

// world is a Service on a real SQLite file and real folders, with a clock of its own.
type world struct {
	*media.Service
	t      *testing.T
	cfg    media.Config
	store  media.Store
	states *memory.States
	clock  *clock
	events *events
	dir    string
}

// setup makes a world with one approved camera. Change may replace parts of it.
func setup(t *testing.T, change ...func(*media.Config)) *world {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "media.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	store, err := mediasqlite.New(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	pictures, thumbnails := openFolder(t, filepath.Join(dir, "pictures")), openFolder(t, filepath.Join(dir, "thumbnails"))
	w := &world{
		t: t, store: store, dir: dir, states: &memory.States{}, events: &events{},
		clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)},
	}
	w.approve(camera)
	w.cfg = media.Config{
		Store: store, Pictures: pictures, Thumbnails: thumbnails, States: w.states, Events: w.events,
		SoleWriter: true, Now: w.clock.Now, Logger: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&w.cfg)
	}
	w.restart()
	return w
}

// restart makes a new Service on the same store and folders, as a new process does.
func (w *world) restart() {
	w.t.Helper()
	s, err := media.New(w.cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	w.Service = s
}

func openFolder(t *testing.T, path string) *folder.Folder {
	t.Helper()
	f, err := folder.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func (w *world) approve(device string, change ...func(*media.DeviceState)) {
	s := media.DeviceState{DeviceID: device, Epoch: 1, Status: media.StatusApproved, PrivacyGeneration: 3}
	for _, c := range change {
		c(&s)
	}
	w.states.Set(s)
}

// upload sends b as the camera's, for an event.
func (w *world) upload(b []byte, event string) (media.Picture, error) {
	w.t.Helper()
	u := media.Upload{Token: media.Token{DeviceID: camera, Epoch: 1}, EventID: event, Length: int64(len(b))}
	return w.Upload(w.t.Context(), u, bytes.NewReader(b))
}

// mustUpload stores the n-th picture and lets a minute pass.
func (w *world) mustUpload(n int) media.Picture {
	w.t.Helper()
	p, err := w.upload(photo(n), "")
	if err != nil {
		w.t.Fatal(err)
	}
	w.clock.advance(time.Minute)
	return p
}

// files lists the files below the data folder's sub, without incoming's leftovers when
// there are none.
func (w *world) files(sub string) (names []string) {
	w.t.Helper()
	err := filepath.WalkDir(filepath.Join(w.dir, sub), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, strings.TrimSuffix(d.Name(), ".jpg"))
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return names
}

// rows lists the rows in any state.
func (w *world) rows() []media.Picture {
	w.t.Helper()
	rows, err := w.store.Page(context.WithoutCancel(w.t.Context()), "", 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// wantNothing fails when an upload left a row, a file or a message.
func (w *world) wantNothing() {
	w.t.Helper()
	if rows := w.rows(); len(rows) != 0 {
		w.t.Errorf("rows left: %+v", rows)
	}
	if files := w.files("pictures"); len(files) != 0 {
		w.t.Errorf("files left: %v", files)
	}
	if n := len(w.events.all()); n != 0 {
		w.t.Errorf("%d messages published", n)
	}
}

// wantAgreement fails unless every file has a stored row with its digest and the
// other way round.
func (w *world) wantAgreement(want int) {
	w.t.Helper()
	rows, files := w.rows(), w.files("pictures")
	if len(rows) != want || len(files) != want {
		w.t.Fatalf("%d rows and %d files, want %d of each", len(rows), len(files), want)
	}
	for _, p := range rows {
		if p.State != media.StateStored {
			w.t.Errorf("row %s is %s", p.ID, p.State)
			continue
		}
		if got := w.read(p.ID); sha256.Sum256(got) != p.SHA256 || int64(len(got)) != p.Bytes {
			w.t.Errorf("picture %s has other bytes", p.ID)
		}
	}
}

func (w *world) read(id string) []byte {
	w.t.Helper()
	_, b, err := w.Open(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	defer b.Close()
	var buf bytes.Buffer
	if _, err := buf.ReadFrom(b); err != nil {
		w.t.Fatal(err)
	}
	return buf.Bytes()
}

func (w *world) deletions() []media.Deletion {
	w.t.Helper()
	found, err := w.Deletions(w.t.Context(), media.Page{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

// wantShown fails unless exactly these pictures are listed, newest first.
func (w *world) wantShown(want ...media.Picture) {
	w.t.Helper()
	found, err := w.Pictures(w.t.Context(), media.Query{Limit: 1000})
	if err != nil {
		w.t.Fatal(err)
	}
	if len(found) != len(want) {
		w.t.Fatalf("%d pictures shown, want %d", len(found), len(want))
	}
	for i := range want {
		if found[i].ID != want[i].ID {
			w.t.Errorf("picture %d is %s, want %s", i, found[i].ID, want[i].ID)
		}
	}
}

func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if err == nil || fault.KindOf(err) != kind {
		t.Errorf("error %v (%v), want %v", err, fault.KindOf(err), kind)
	}
}

// photo makes the n-th picture, each with other bytes.
func photo(n int) []byte { return sizedPhoto(n, 48, 32) }

var photos sync.Map

func sizedPhoto(n, width, height int) []byte {
	key := [3]int{n, width, height}
	if b, ok := photos.Load(key); ok {
		return b.([]byte) //nolint:forcetypeassert // only bytes are stored
	}
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(x + n), uint8(y * n), uint8(n), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}); err != nil {
		panic(err)
	}
	// A comment with the number, so that no two are equal.
	out := append([]byte{0xFF, 0xD8, 0xFF, 0xFE, 0, 4, byte(n >> 8), byte(n)}, b.Bytes()[2:]...)
	photos.Store(key, out)
	return out
}

// clock is a clock that stands still until told otherwise.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// events records what was published.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) PictureStored(_ context.Context, p media.Picture)  { e.add("stored " + p.ID) }
func (e *events) PictureDeleted(_ context.Context, p media.Picture) { e.add("deleted " + p.ID) }

func (e *events) add(s string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, s)
}

func (e *events) all() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]string(nil), e.list...)
}

var errBroken = errors.New("broken on purpose")
