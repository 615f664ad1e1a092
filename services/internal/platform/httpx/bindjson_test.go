package httpx_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

type thing struct {
	Name  string    `json:"name"`
	Count uint8     `json:"count"`
	Score float64   `json:"score"`
	On    bool      `json:"on"`
	Tags  []string  `json:"tags"`
	At    time.Time `json:"at"`
	In    struct {
		Depth int `json:"depth"`
	} `json:"in"`
	Picky picky `json:"picky"`
}

type picky string

func (p *picky) UnmarshalJSON(b []byte) error {
	if string(b) == `"no"` {
		return fault.New(fault.Unprocessable, "Anything but no.")
	}
	*p = picky(b)
	return nil
}

// bind runs BindJSON on a request with this body and returns what came out.
func bind(t *testing.T, req *http.Request, maxBytes int64) (thing, error) {
	t.Helper()
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = req
	var got thing
	err := httpx.BindJSON(c, &got, maxBytes)
	if err != nil && fault.From(err) == nil {
		t.Errorf("%v is not a *fault.Error", err)
	}
	return got, err
}

func post(t *testing.T, body io.Reader) *http.Request {
	t.Helper()
	return httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", body)
}

func TestBindJSONDecodes(t *testing.T) {
	t.Parallel()
	got, err := bind(t, post(t, strings.NewReader(` {"name":"\\u0000 \"[[[{{{ ü\ud83d\ude00","count":255,"score":1e2,"on":true,
		"tags":["a"],"unknown":{"x":[1]},"in":{"depth":-3},"count":7,"at":"2026-01-31T12:00:00.5Z"} `+"\r\n")), 1024)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != "\\u0000 \"[[[{{{ ü😀" || got.Count != 7 || got.Score != 100 || !got.On || got.Tags[0] != "a" || got.In.Depth != -3 {
		t.Errorf("got %+v", got)
	}
}

func TestBindJSONSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tc := range []struct{ body, want string }{
		{"", "The body is empty; this route expects JSON."},
		{" \n", "The body is empty; this route expects JSON."},
		{"null", "The body must not be null."},
		{"[]", "The body must be an object, not a list."},
		{`"hunter2"`, "The body must be an object, not a string."},
		{`{"name":5}`, `Field "name" must be a string, not a number.`},
		{`{"name":{"hunter2":1}}`, `Field "name" must be a string, not an object.`},
		{`{"count":"hunter2"}`, `Field "count" must be a whole number of at least 0 and in range, not a string.`},
		{`{"count":256}`, `Field "count" must be a whole number of at least 0 and in range, not this number.`},
		{`{"count":-1}`, `Field "count" must be a whole number of at least 0 and in range, not this number.`},
		{`{"count":1.5}`, `Field "count" must be a whole number of at least 0 and in range, not this number.`},
		{`{"score":1e999}`, `Field "score" must be a number in range, not this number.`},
		{`{"on":1}`, `Field "on" must be true or false, not a number.`},
		{`{"tags":{}}`, `Field "tags" must be a list, not an object.`},
		{`{"tags":[1]}`, `Field "tags" must be a string, not a number.`},
		{`{"in":{"depth":true}}`, `Field "in.depth" must be a whole number in range, not true or false.`},
		{`{"at":"yesterday"}`, "A time in the body is not RFC 3339, like 2026-01-31T12:00:00Z."},
		{`{"at":5}`, "The body has a field with a value that cannot be read."},
		{`{"picky":"no"}`, "Anything but no."},
		{`{"score":NaN}`, "The body is not JSON: invalid character 'N' looking for beginning of value, at byte 10."},
		{`{"score":Infinity}`, "The body is not JSON: invalid character 'I' looking for beginning of value, at byte 10."},
		{`{"name":"a`, "The body is not JSON: it ends too early, after 10 bytes."},
		{`{"name":"a"}{}`, "The body is not JSON: invalid character '{' after top-level value, at byte 13."},
		{`{"name":"a"} x`, "The body is not JSON: invalid character 'x' after top-level value, at byte 14."},
		{`{'name':1}`, `The body is not JSON: invalid character '\'' looking for beginning of object key string, at byte 2.`},
		{"{\"name\":\"a\nb\"}", `The body is not JSON: invalid character '\n' in string literal, at byte 11.`},
		{"\ufeff{}", "The body is not JSON: invalid character 'ï' looking for beginning of value, at byte 1."},
		{`{"name":"a\u0000b"}`, "The body contains the character U+0000, which cannot be stored."},
		{`{"name":"\\\u0000"}`, "The body contains the character U+0000, which cannot be stored."},
		{`{"x\u0000":1}`, "The body contains the character U+0000, which cannot be stored."},
		{"{\"name\":\"a\x00b\"}", "The body contains the character U+0000, which cannot be stored."},
		{"\x00", "The body contains the character U+0000, which cannot be stored."},
		{"{\"name\":\"\xff\"}", "The body is not valid UTF-8."},
		{`{"x":` + nested(32) + `}`, "The body is nested deeper than 32 levels."},
		{strings.Repeat("[", 500), "The body is nested deeper than 32 levels."},
		{strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100), "The body is nested deeper than 32 levels."},
		{strings.Repeat(" ", 1025), "The body is larger than the 1024 bytes that this route accepts."},
	} {
		_, err := bind(t, post(t, strings.NewReader(tc.body)), 1024)
		if f := fault.From(err); f == nil || f.Message != tc.want {
			t.Errorf("%.40q: got  %v\nwant %s", tc.body, err, tc.want)
		}
	}
	if _, err := bind(t, post(t, strings.NewReader(`{"x":`+nested(31)+`,"y":"[[[[[[[","z":`+nested(31)+`}`)), 1024); err != nil {
		t.Errorf("32 levels: %v", err)
	}
}

func TestBindJSONReadsNoMoreThanItAccepts(t *testing.T) {
	t.Parallel()
	// One that declares its length is not read at all.
	req := post(t, iotest.ErrReader(errors.New("was read")))
	req.ContentLength = 100 << 20
	if _, err := bind(t, req, 1024); fault.KindOf(err) != fault.TooLarge {
		t.Errorf("declared: %v", err)
	}
	// One that does not is read to the first byte too many.
	endless := &counting{}
	req = post(t, endless)
	req.ContentLength = -1
	if _, err := bind(t, req, 1024); fault.KindOf(err) != fault.TooLarge || endless.n != 1025 {
		t.Errorf("undeclared: %v after %d bytes", err, endless.n)
	}
	// The limit itself is accepted.
	body := `{"name":"` + strings.Repeat("a", 1024-11) + `"}`
	for _, r := range []io.Reader{strings.NewReader(body), iotest.OneByteReader(strings.NewReader(body)), iotest.DataErrReader(strings.NewReader(body))} {
		if _, err := bind(t, post(t, r), 1024); err != nil {
			t.Errorf("exactly at the limit: %v", err)
		}
	}
}

// counting is an endless body of spaces.
type counting struct{ n int }

func (c *counting) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	c.n += len(p)
	return len(p), nil
}

func TestBindJSONOfBrokenBody(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want fault.Kind
	}{
		{io.ErrUnexpectedEOF, fault.Invalid},
		{errors.New("connection reset"), fault.Invalid},
		{fault.New(fault.TimedOut, "The body did not arrive within 10s."), fault.TimedOut},
	} {
		_, err := bind(t, post(t, io.MultiReader(strings.NewReader(`{"na`), iotest.ErrReader(tc.err))), 1024)
		if fault.KindOf(err) != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%v: got %v", tc.err, err)
		}
	}
}

func TestBindJSONChecksContentType(t *testing.T) {
	t.Parallel()
	for contentType, ok := range map[string]bool{
		"": true, "application/json": true, "Application/JSON; charset=utf-8": true,
		"text/plain": false, "application/x-www-form-urlencoded": false, "image/jpeg": false, "application/json-seq": false, ";": false,
	} {
		req := post(t, strings.NewReader("{}"))
		req.Header.Set("Content-Type", contentType)
		if _, err := bind(t, req, 1024); (err == nil) != ok || (!ok && fault.KindOf(err) != fault.Unsupported) {
			t.Errorf("%q: %v", contentType, err)
		}
	}
	req := post(t, strings.NewReader("{}"))
	req.Header.Set("Content-Encoding", "gzip")
	if _, err := bind(t, req, 1024); fault.KindOf(err) != fault.Unsupported {
		t.Errorf("gzip: %v", err)
	}
}

// A buffer that went back to the pool must not be seen through what was decoded.
func TestBindJSONKeepsNothingOfItsBuffer(t *testing.T) {
	t.Parallel()
	first, err := bind(t, post(t, strings.NewReader(`{"name":"first","tags":["one"],"picky":"x"}`)), 1024)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := bind(t, post(t, strings.NewReader(`{"name":"XXXXX","tags":["XXX"],"picky":"Y"}`)), 1024); err != nil {
			t.Fatal(err)
		}
	}
	if first.Name != "first" || first.Tags[0] != "one" || first.Picky != `"x"` {
		t.Errorf("changed into %+v", first)
	}
}
