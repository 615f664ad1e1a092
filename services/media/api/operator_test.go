package api_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"home.arpa/nestbox/services/media"
)

type pictureList struct {
	Pictures []struct {
		PictureID  string  `json:"picture_id"`
		EventID    *string `json:"event_id"`
		Pinned     bool    `json:"pinned"`
		CapturedAt string  `json:"captured_at"`
		ImageURL   string  `json:"image_url"`
	} `json:"pictures"`
	NextCursor *string `json:"next_cursor"`
}

// TestEveryRouteKeepsItsWord exercises all routes against openapi.yaml.
func TestEveryRouteKeepsItsWord(t *testing.T) {
	t.Parallel()
	w := setup(t, func(o *options) { o.policy = media.DefaultPolicy() })
	b := photo(1, 640, 480)
	id := w.upload(b, header("X-Event-ID", "e1"))
	gone := w.upload(photo(2, 64, 48))

	var list pictureList
	want(t, w.operate("GET", "/api/pictures", ""), 200, &list)
	if len(list.Pictures) != 2 || list.NextCursor != nil {
		t.Errorf("list %+v", list)
	}
	want(t, w.operate("GET", "/api/pictures/"+id, ""), 200, nil)
	want(t, w.operate("PATCH", "/api/pictures/"+id, `{"pinned":true}`), 200, nil)
	want(t, w.operate("DELETE", "/api/pictures/"+gone, ""), 204, nil)

	image := w.operate("GET", "/api/pictures/"+id+"/image", "")
	want(t, image, 200, nil)
	if !bytes.Equal(image.Body.Bytes(), b) {
		t.Error("the picture that comes back is another")
	}
	thumbnail := w.operate("GET", "/api/pictures/"+id+"/thumbnail", "")
	want(t, thumbnail, 200, nil)
	if cfg, err := jpeg.DecodeConfig(thumbnail.Body); err != nil || cfg.Width != 320 || cfg.Height != 240 {
		t.Errorf("thumbnail %dx%d, %v", cfg.Width, cfg.Height, err)
	}

	var storage struct {
		Used   int64 `json:"used_bytes"`
		Pinned int64 `json:"pinned_bytes"`
		Quota  int64 `json:"quota_bytes"`
		Age    int   `json:"max_age_days"`
		Count  int   `json:"pictures"`
	}
	want(t, w.operate("GET", "/api/storage", ""), 200, &storage)
	if storage.Used != int64(len(b)) || storage.Pinned != int64(len(b)) || storage.Count != 1 || storage.Age != 30 || storage.Quota <= 0 {
		t.Errorf("storage %+v", storage)
	}
	var deletions struct {
		Deletions []struct {
			PictureID string  `json:"picture_id"`
			Reason    string  `json:"reason"`
			By        *string `json:"deleted_by"`
		} `json:"deletions"`
	}
	want(t, w.operate("GET", "/api/storage/deletions", ""), 200, &deletions)
	if d := deletions.Deletions; len(d) != 1 || d[0].PictureID != gone || d[0].Reason != "operator" || d[0].By == nil || *d[0].By != "ada" {
		t.Errorf("deletions %+v", deletions)
	}
	var audit struct {
		Entries []struct{ Action, Subject, Actor string } `json:"entries"`
	}
	want(t, w.operate("GET", "/api/audit/pictures", ""), 200, &audit)
	if len(audit.Entries) != 2 || audit.Entries[0].Action != "picture.delete" || audit.Entries[0].Subject != gone ||
		audit.Entries[1].Action != "picture.pin" || audit.Entries[1].Actor != "ada" {
		t.Errorf("audit %+v", audit)
	}
	w.checker.RequireAll(t, w.engine.Routes())
}

func TestNothingWithoutALogin(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.upload(photo(1, 64, 48))
	for _, route := range w.engine.Routes() {
		if route.Path == "/api/images/upload" {
			continue
		}
		path := strings.Replace(route.Path, ":id", id, 1)
		for name, change := range map[string]func(*http.Request){
			"nothing":          func(*http.Request) {},
			"a device's token": header("Authorization", "Bearer "+w.token()),
			"another token":    header("Authorization", "Bearer nbx_"+strings.Repeat("A", 43)),
		} {
			r := httptest.NewRequestWithContext(t.Context(), route.Method, path, nil)
			change(r)
			if rec := w.do(r); rec.Code != http.StatusUnauthorized {
				t.Errorf("%s %s with %s: %d, want 401", route.Method, route.Path, name, rec.Code)
			}
		}
	}
	// By cookie from another site nothing is changed.
	rec := w.operate("DELETE", "/api/pictures/"+id, "", func(r *http.Request) {
		r.Header.Del("Authorization")
		r.AddCookie(&http.Cookie{Name: "nestbox_session", Value: w.operator})
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	})
	want(t, rec, http.StatusForbidden, nil)
	want(t, w.operate("GET", "/api/pictures/"+id, ""), 200, nil)
}

func TestOperatorLookupAwayIsUnavailable(t *testing.T) {
	t.Parallel()
	ops := &operators{}
	w := setup(t, func(o *options) { o.operators = ops })
	ops.away = true
	rec := w.operate("GET", "/api/pictures", "")
	want(t, rec, http.StatusServiceUnavailable, nil)
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestBadIDs(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, id := range []string{"x", "%2e%2e", strings.Repeat("a", 10_000), "018E0000-0000-7000-8000-000000000001", "a%00b", "%7B018e0000-0000-7000-8000-000000000001%7D"} {
		for _, request := range [][3]string{
			{"GET", "", ""}, {"PATCH", "", `{"pinned":true}`}, {"DELETE", "", ""}, {"GET", "/image", ""}, {"GET", "/thumbnail", ""},
		} {
			if rec := w.operate(request[0], "/api/pictures/"+id+request[1], request[2]); rec.Code != http.StatusBadRequest {
				t.Errorf("%s %.60s%s: %d, want 400", request[0], id, request[1], rec.Code)
			}
		}
	}
	const unknown = "018e0000-0000-7000-8000-000000000001"
	for _, request := range [][3]string{
		{"GET", "", ""}, {"PATCH", "", `{"pinned":true}`}, {"DELETE", "", ""}, {"GET", "/image", ""}, {"GET", "/thumbnail", ""},
	} {
		if rec := w.operate(request[0], "/api/pictures/"+unknown+request[1], request[2]); rec.Code != http.StatusNotFound {
			t.Errorf("%s unknown%s: %d, want 404", request[0], request[1], rec.Code)
		}
	}
}

func TestPinBodies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.upload(photo(1, 64, 48))
	for body, status := range map[string]int{
		`{"pinned":true}`: 200, `{"pinned":false,"more":1}`: 200, `{}`: 400, `{"pinned":"yes"}`: 400, `{"pinned":null}`: 400,
		`[]`: 400, `{`: 400, `{"pinned":1}`: 400, `{"pinned":true}{}`: 400, `{"pinned":true,"x":"` + strings.Repeat("a", 5000) + `"}`: 413,
	} {
		if rec := w.operate("PATCH", "/api/pictures/"+id, body); rec.Code != status {
			t.Errorf("%.60s: %d, want %d", body, rec.Code, status)
		}
	}
}

func TestFiltersAndPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	var ids []string
	for n := range 5 {
		ids = append(ids, w.upload(photo(n, 64, 48), header("X-Event-ID", fmt.Sprint("e", n))))
	}
	slices.Reverse(ids)
	fetch := func(query string) pictureList {
		t.Helper()
		var list pictureList
		want(t, w.operate("GET", "/api/pictures?"+query, ""), 200, &list)
		return list
	}
	var got []string
	for cursor := ""; ; {
		list := fetch("limit=2&cursor=" + cursor)
		for _, p := range list.Pictures {
			got = append(got, p.PictureID)
		}
		if list.NextCursor == nil {
			break
		}
		cursor = *list.NextCursor
	}
	if !slices.Equal(got, ids) {
		t.Errorf("pages %v, want %v", got, ids)
	}
	third := fetch("event_id=e2").Pictures
	if len(third) != 1 || third[0].PictureID != ids[2] {
		t.Fatalf("by event: %+v", third)
	}
	at := url.QueryEscape(third[0].CapturedAt)
	for query, count := range map[string]int{
		"from=" + at: 3, "to=" + at: 2, "from=" + at + "&to=" + at: 0,
		"device_id=aa-bb-cc-dd-ee-01": 5, "device_id=AA:BB:CC:DD:EE:02": 0, "pinned=true": 0, "pinned=false": 5,
		"from=2020-01-01T00:00:00%2B01:00": 5, "from=9999-12-31T23:59:59Z": 0, "to=0001-01-01T00:00:01Z": 0,
		"limit=500": 5, "unknown=1": 5,
	} {
		if n := len(fetch(query).Pictures); n != count {
			t.Errorf("%s: %d pictures, want %d", query, n, count)
		}
	}
	// A plus that nobody escaped; openapi.yaml does not allow it.
	rec := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), "GET", "/api/pictures?from=2020-01-01T00:00:00+01:00", nil)
	r.Header.Set("Authorization", "Bearer "+w.operator)
	w.engine.ServeHTTP(rec, r)
	want(t, rec, http.StatusOK, nil)
	for _, query := range []string{
		"limit=0", "limit=501", "limit=x", "limit=-1", "limit=1e2", "cursor=x", "cursor=" + strings.Repeat("A", 600), "cursor=MTIzNA",
		"device_id=x", "event_id=a%2Fb", "event_id=%00", "from=yesterday", "to=1970", "from=0000-01-01T00:00:00Z", "pinned=yes", "pinned=1",
	} {
		for _, path := range []string{"/api/pictures", "/api/storage/deletions", "/api/audit/pictures"} {
			onlyPictures := !strings.HasPrefix(query, "limit") && !strings.HasPrefix(query, "cursor")
			if onlyPictures && path != "/api/pictures" {
				continue
			}
			if rec := w.operate("GET", path+"?"+query, ""); rec.Code != http.StatusBadRequest {
				t.Errorf("%s?%.40s: %d, want 400", path, query, rec.Code)
			}
		}
	}
}

func TestLedgerAndAuditPages(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for n := range 5 {
		want(t, w.operate("DELETE", "/api/pictures/"+w.upload(photo(n, 64, 48)), ""), 204, nil)
	}
	for _, path := range []string{"/api/storage/deletions", "/api/audit/pictures"} {
		seen := 0
		for cursor := ""; ; {
			var page struct {
				Deletions, Entries []any
				NextCursor         *string `json:"next_cursor"`
			}
			want(t, w.operate("GET", path+"?limit=2&cursor="+cursor, ""), 200, &page)
			seen += len(page.Deletions) + len(page.Entries)
			if page.NextCursor == nil {
				break
			}
			cursor = *page.NextCursor
		}
		if seen != 5 {
			t.Errorf("%s: %d entries in all pages, want 5", path, seen)
		}
	}
}

func TestContentHeadersRangesAndCaching(t *testing.T) {
	t.Parallel()
	w := setup(t)
	b := photo(1, 640, 480)
	id := w.upload(b)
	for _, kind := range []string{"image", "thumbnail"} {
		path := "/api/pictures/" + id + "/" + kind
		whole := w.operate("GET", path, "")
		want(t, whole, 200, nil)
		h := whole.Header()
		etag := h.Get("ETag")
		if h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" || len(etag) < 64 ||
			h.Get("Cache-Control") != "private, max-age=31536000, immutable" || h.Get("Content-Length") != strconv.Itoa(whole.Body.Len()) {
			t.Errorf("%s: header %v", kind, h)
		}
		part := w.operate("GET", path, "", header("Range", "bytes=10-19"))
		want(t, part, 206, nil)
		if !bytes.Equal(part.Body.Bytes(), whole.Body.Bytes()[10:20]) || part.Header().Get("Content-Range") == "" {
			t.Errorf("%s: range %x, %v", kind, part.Body.Bytes(), part.Header())
		}
		tail := w.operate("GET", path, "", header("Range", "bytes=-2"))
		if want(t, tail, 206, nil); !bytes.Equal(tail.Body.Bytes(), []byte{0xFF, 0xD9}) {
			t.Errorf("%s: tail %x", kind, tail.Body.Bytes())
		}
		want(t, w.operate("GET", path, "", header("If-None-Match", etag)), 304, nil)
		want(t, w.operate("GET", path, "", header("If-None-Match", `"another"`)), 200, nil)
		beyond := w.operate("GET", path, "", header("Range", "bytes=99999999-"))
		want(t, beyond, 416, nil)
		if beyond.Header().Get("ETag") != "" || !strings.Contains(beyond.Header().Get("Cache-Control"), "no-store") {
			t.Errorf("%s: a refusal that is kept: %v", kind, beyond.Header())
		}
	}
}

func TestThumbnailOfWhatCannotBeDecoded(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.upload([]byte{
		0xFF, 0xD8, 0xFF, 0xC0, 0, 11, 8, 0, 100, 0, 100, 1, 1, 0x11, 0,
		0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xFF, 0xD9,
	})
	want(t, w.operate("GET", "/api/pictures/"+id+"/thumbnail", ""), http.StatusUnprocessableEntity, nil)
}
