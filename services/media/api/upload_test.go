package api_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/media"
)

func TestStoryUpload(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := photo(1, 640, 480)
	sum := sha256.Sum256(b)
	var first, again uploadAnswer
	want(t, w.do(w.uploadRequest(b)), http.StatusOK, &first)
	if first.Status != "stored" || first.Bytes != len(b) || first.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("answer %+v", first)
	}
	want(t, w.do(w.uploadRequest(b)), http.StatusOK, &again)
	if again != first {
		t.Errorf("the repeat got %+v, want %+v", again, first)
	}
}

func TestUploadHeaders(t *testing.T) {
	t.Parallel()
	b := photo(1, 64, 48)
	sum, sum512, other := sha256.Sum256(b), sha512.Sum512(b), sha256.Sum256(nil)
	b64 := base64.StdEncoding.EncodeToString
	for name, tc := range map[string]struct {
		change func(*http.Request)
		want   int
	}{
		"all of them": {func(r *http.Request) {
			r.Header.Set("X-Event-ID", "b7f3a1c09e2d4456-17")
			r.Header.Set("Content-Digest", "sha-256=:"+b64(sum[:])+":")
			r.Header.Set("X-Frame-Age-Ms", "1500")
			r.Header.Set("X-Privacy-Generation", "3")
		}, 200},
		"no device id":                  {func(r *http.Request) { r.Header.Del("X-Device-ID") }, 200},
		"device id in another spelling": {header("X-Device-ID", "aabbccddee01"), 200},
		"another device":                {header("X-Device-ID", "AA:BB:CC:DD:EE:02"), 403},
		"device id is no MAC":           {header("X-Device-ID", "../../etc/passwd"), 400},
		"device id of 10,000 letters":   {header("X-Device-ID", strings.Repeat("A", 10_000)), 400},
		"content type with parameter":   {header("Content-Type", "image/jpeg; charset=binary"), 200},
		"content type png":              {header("Content-Type", "image/png"), 415},
		"content type form":             {header("Content-Type", "multipart/form-data; boundary=x"), 415},
		"content type garbage":          {header("Content-Type", "image/jpeg/;;="), 415},
		"compressed":                    {header("Content-Encoding", "gzip"), 415},
		"event id with a slash":         {header("X-Event-ID", "a/b"), 400},
		"event id too long":             {header("X-Event-ID", strings.Repeat("a", 65)), 400},
		"event id of 64":                {header("X-Event-ID", strings.Repeat("a", 64)), 200},
		"sha-512":                       {header("Content-Digest", "sha-512=:"+b64(sum512[:])+":"), 200},
		"unknown digest":                {header("Content-Digest", "md5=:AAAA:"), 200},
		"another digest":                {header("Content-Digest", "sha-256=:"+b64(other[:])+":"), 422},
		"one of two lines differs": {func(r *http.Request) {
			r.Header["Content-Digest"] = []string{"sha-512=:" + b64(sum512[:]) + ":", "sha-256=:" + b64(other[:]) + ":"}
		}, 422},
		"digest that cannot be read": {header("Content-Digest", "sha-256="+hex.EncodeToString(sum[:])), 400},
		"frame age of a day":         {header("X-Frame-Age-Ms", "86400000"), 200},
		"frame age of more":          {header("X-Frame-Age-Ms", "86400001"), 400},
		"negative frame age":         {header("X-Frame-Age-Ms", "-1"), 400},
		"frame age NaN":              {header("X-Frame-Age-Ms", "NaN"), 400},
		"older privacy generation":   {header("X-Privacy-Generation", "2"), 403},
		"privacy generation garbage": {header("X-Privacy-Generation", "1e3"), 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			want(t, w.do(w.uploadRequest(b, tc.change)), tc.want, nil)
			if tc.want != 200 {
				w.wantNothing()
			}
		})
	}
}

// TestUploadWithoutAType: more lenient than openapi.yaml, since the bytes decide.
func TestUploadWithoutAType(t *testing.T) {
	t.Parallel()
	w := setup(t)
	rec := httptest.NewRecorder()
	w.engine.ServeHTTP(rec, w.uploadRequest(photo(1, 64, 48), func(r *http.Request) { r.Header.Del("Content-Type") }))
	want(t, rec, http.StatusOK, nil)
}

func TestUploadTokens(t *testing.T) {
	t.Parallel()
	b := photo(1, 64, 48)
	_, foreign, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	bearer := func(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }
	for name, change := range map[string]func(w *world) func(*http.Request){
		"none":    func(*world) func(*http.Request) { return func(r *http.Request) { r.Header.Del("Authorization") } },
		"garbage": func(*world) func(*http.Request) { return bearer("abc") },
		"forged":  func(w *world) func(*http.Request) { tok := w.token(); return bearer(tok[:len(tok)-4] + "AAAA") },
		"foreign": func(*world) func(*http.Request) {
			tok, err := auth.NewSigner(foreign).Sign(auth.Claims{Subject: camera, Epoch: 1, ExpiresAt: time.Now().Add(time.Hour)})
			if err != nil {
				t.Error(err)
			}
			return bearer(tok)
		},
		"expired": func(w *world) func(*http.Request) {
			return bearer(w.token(func(c *auth.Claims) { c.ExpiresAt = time.Now().Add(-time.Minute) }))
		},
		"of an older epoch": func(w *world) func(*http.Request) {
			w.state(func(s *media.DeviceState) { s.Epoch = 2 })
			return bearer(w.token())
		},
		"of a revoked device": func(w *world) func(*http.Request) {
			w.state(func(s *media.DeviceState) { s.Status = media.StatusRevoked })
			return bearer(w.token())
		},
		"an operator's": func(w *world) func(*http.Request) { return bearer(w.operator) },
		"in the URL": func(w *world) func(*http.Request) {
			return func(r *http.Request) { r.Header.Del("Authorization"); r.URL.RawQuery = "token=" + w.token() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t)
			want(t, w.do(w.uploadRequest(b, change(w))), http.StatusUnauthorized, nil)
			w.wantNothing()
		})
	}
}

func TestUploadBodies(t *testing.T) {
	t.Parallel()
	whole := photo(1, 64, 48)
	for name, tc := range map[string]struct {
		body []byte
		want int
	}{
		"empty":          {nil, 422},
		"text":           {[]byte("hello"), 415},
		"png":            {[]byte("\x89PNG\r\n\x1a\n0000"), 415},
		"cut at the end": {whole[:len(whole)-1], 422},
		"cut early":      {whole[:30], 422},
		"start marker":   {whole[:2], 422},
		"trailing":       {append(bytes.Clone(whole), '\n'), 422},
		"two pictures":   {append(bytes.Clone(whole), whole...), 422},
		"zeros":          {make([]byte, 1000), 415},
		"9000 wide":      {withSize(whole, 9000, 10), 422},
		"20 megapixels":  {withSize(whole, 5000, 4000), 422},
		"no pixels":      {withSize(whole, 0, 4000), 422},
		"too many bytes": {photo(1, 1600, 1200), 413},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := setup(t, func(o *options) { o.maxBytes = 10_000 })
			for _, chunked := range []bool{false, true} {
				want(t, w.do(w.uploadRequest(tc.body, func(r *http.Request) {
					if chunked {
						r.ContentLength = -1
						r.Body = io.NopCloser(bytes.NewReader(tc.body))
					}
				})), tc.want, nil)
				w.wantNothing()
			}
		})
	}
}

// withSize writes another width and height into the frame header.
func withSize(picture []byte, width, height int) []byte {
	b := bytes.Clone(picture)
	at := bytes.Index(b, []byte{0xFF, 0xC0}) + 5
	b[at], b[at+1], b[at+2], b[at+3] = byte(height>>8), byte(height), byte(width>>8), byte(width)
	return b
}

func TestLockedCamera(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.state(func(s *media.DeviceState) { s.PrivacyLocked = true; s.PrivacyGeneration = 4 })
	want(t, w.do(w.uploadRequest(photo(1, 64, 48))), http.StatusForbidden, nil)
	w.wantNothing()
	w.state(func(s *media.DeviceState) { s.PrivacyGeneration = 5 })
	w.upload(photo(1, 64, 48))
}

func TestUnknownPrivacyIsUnavailable(t *testing.T) {
	t.Parallel()
	w := setup(t)
	other := "AA:BB:CC:DD:EE:02"
	rec := w.do(w.uploadRequest(photo(1, 64, 48), header("X-Device-ID", other),
		header("Authorization", "Bearer "+w.token(func(c *auth.Claims) { c.Subject = other }))))
	want(t, rec, http.StatusServiceUnavailable, nil)
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.wantNothing()
}

func TestStoredAndDeletedAreOnTheStream(t *testing.T) {
	t.Parallel()
	w := setup(t)
	messages, err := w.stream.Subscribe(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	id := w.upload(photo(1, 64, 48), header("X-Event-ID", "e1"))
	want(t, w.operate(http.MethodDelete, "/api/pictures/"+id, ""), http.StatusNoContent, nil)
	for _, kind := range []string{"picture.stored", "picture.deleted"} {
		select {
		case m := <-messages:
			if m.Kind != kind || !strings.Contains(string(m.Data), id) || !strings.Contains(string(m.Data), `"event_id":"e1"`) {
				t.Errorf("message %s %s, want %s", m.Kind, m.Data, kind)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("no %s on the stream", kind)
		}
	}
}
