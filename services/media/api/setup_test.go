package api_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"image"
	"image/jpeg"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
	"home.arpa/nestbox/services/internal/platform/sqlite"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/api"
	"home.arpa/nestbox/services/media/blob/folder"
	"home.arpa/nestbox/services/media/memory"
	mediasqlite "home.arpa/nestbox/services/media/sqlite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const camera = "AA:BB:CC:DD:EE:01"

// world is the routes on a real index and real folders.
type world struct {
	t        *testing.T
	engine   *gin.Engine
	service  *media.Service
	store    media.Store
	states   *memory.States
	stream   *stream.Memory
	signer   *auth.Signer
	operator string // credential of the operator ada
	dir      string
	checker  *openapitest.Checker
}

// operators knows some credentials, or nothing at all when away.
type operators struct {
	known map[string]auth.Principal
	away  bool
}

func (o *operators) Lookup(_ context.Context, hash string) (auth.Principal, error) {
	if o.away {
		return auth.Principal{}, fault.New(fault.Unavailable, "away").After(time.Second)
	}
	p, ok := o.known[hash]
	if !ok {
		return auth.Principal{}, fault.New(fault.Unauthenticated, "unknown")
	}
	return p, nil
}

type options struct {
	pace      api.Pace
	policy    media.Policy
	operators *operators
	maxBytes  int64
}

func setup(t *testing.T, change ...func(*options)) *world {
	t.Helper()
	o := options{operators: &operators{}}
	for _, c := range change {
		c(&o)
	}
	w := &world{
		t: t, dir: t.TempDir(), states: &memory.States{}, stream: stream.NewMemory(100),
		operator: auth.NewCredential(), checker: openapitest.New(t),
	}
	o.operators.known = map[string]auth.Principal{
		auth.HashCredential(w.operator): {Name: "ada", CredentialID: "c1", Kind: auth.KindToken},
	}
	db, err := sqlite.Open(t.Context(), filepath.Join(w.dir, "media.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if w.store, err = mediasqlite.New(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.DiscardHandler)
	w.service, err = media.New(media.Config{
		Store: w.store, Pictures: w.folder("pictures"), Thumbnails: w.folder("thumbnails"), States: w.states,
		Events: api.NewPublisher(w.stream, log), Policy: o.policy, SoleWriter: true, Logger: log, MaxBytes: o.maxBytes,
	})
	if err != nil {
		t.Fatal(err)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	w.signer = auth.NewSigner(private)
	w.engine = httpx.NewEngine(httpx.Options{Service: "media"})
	api.Mount(w.engine, api.Config{
		Service: w.service, Verifier: auth.NewVerifier([]ed25519.PublicKey{public}, time.Now), Operators: o.operators, Pace: o.pace,
	})
	w.state()
	return w
}

func (w *world) folder(name string) *folder.Folder {
	w.t.Helper()
	f, err := folder.Open(filepath.Join(w.dir, name))
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { f.Close() })
	return f
}

// state sets what the registry says of the camera.
func (w *world) state(change ...func(*media.DeviceState)) {
	s := media.DeviceState{DeviceID: camera, Epoch: 1, Status: media.StatusApproved, PrivacyGeneration: 3}
	for _, c := range change {
		c(&s)
	}
	w.states.Set(s)
}

func (w *world) token(change ...func(*auth.Claims)) string {
	w.t.Helper()
	claims := auth.Claims{Subject: camera, Epoch: 1, ExpiresAt: time.Now().Add(time.Hour)}
	for _, c := range change {
		c(&claims)
	}
	token, err := w.signer.Sign(claims)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// uploadRequest is the story's upload: its fields and headers, nothing else.
func (w *world) uploadRequest(b []byte, change ...func(*http.Request)) *http.Request {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/api/images/upload", bytes.NewReader(b))
	r.Header.Set("Authorization", "Bearer "+w.token())
	r.Header.Set("X-Device-ID", camera)
	r.Header.Set("Content-Type", "image/jpeg")
	for _, c := range change {
		c(r)
	}
	return r
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// do sends a request through the engine and holds the answer to openapi.yaml.
func (w *world) do(r *http.Request) *httptest.ResponseRecorder {
	w.t.Helper()
	return w.checker.Do(w.t, w.engine, r)
}

// operate sends a request as the operator.
func (w *world) operate(method, path, body string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	w.t.Helper()
	var in *bytes.Reader
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, nil)
	if body != "" {
		in = bytes.NewReader([]byte(body))
		r = httptest.NewRequestWithContext(w.t.Context(), method, path, in)
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set("Authorization", "Bearer "+w.operator)
	for _, c := range change {
		c(r)
	}
	return w.do(r)
}

// want fails unless the answer has the status, and decodes it into dst when given.
func want(t *testing.T, rec *httptest.ResponseRecorder, status int, dst any) {
	t.Helper()
	if rec.Code != status {
		t.Fatalf("status %d, want %d: %s", rec.Code, status, rec.Body)
	}
	if dst != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), dst); err != nil {
			t.Fatalf("decode %s: %v", rec.Body, err)
		}
	}
}

type uploadAnswer struct {
	Status    string `json:"status"`
	PictureID string `json:"picture_id"`
	Bytes     int    `json:"bytes"`
	SHA256    string `json:"sha256"`
}

// upload stores a picture and returns its id.
func (w *world) upload(b []byte, change ...func(*http.Request)) string {
	w.t.Helper()
	var answer uploadAnswer
	want(w.t, w.do(w.uploadRequest(b, change...)), http.StatusOK, &answer)
	return answer.PictureID
}

// wantNothing fails when there is a row or a file.
func (w *world) wantNothing() {
	w.t.Helper()
	rows, err := w.store.Page(context.WithoutCancel(w.t.Context()), "", 10)
	if err != nil || len(rows) != 0 {
		w.t.Errorf("rows left: %+v, %v", rows, err)
	}
	if files := w.files(); len(files) != 0 {
		w.t.Errorf("files left: %v", files)
	}
}

func (w *world) files() (names []string) {
	w.t.Helper()
	if err := filepath.WalkDir(filepath.Join(w.dir, "pictures"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return names
}

// photo makes the n-th picture.
func photo(n, width, height int) []byte {
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(i*i>>4 + n*40)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		panic(err)
	}
	return b.Bytes()
}
