package contracttest_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/openapi/contracttest"
	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
)

func TestVectorsFollowTheDocument(t *testing.T) {
	for _, call := range contracttest.Calls() {
		vectors := contracttest.Load(t, call)
		for _, v := range vectors {
			t.Run(call+"/"+v.Name, func(t *testing.T) {
				for _, name := range v.Before {
					if before := contracttest.Find(t, vectors, name); before.At.After(v.At) {
						t.Errorf("%s is sent before, yet later", name)
					}
				}
				if v.Refused() != (v.Response.Status >= 400 && !strings.HasPrefix(v.Name, "story") &&
					!strings.HasPrefix(v.Name, "secret") && !strings.HasPrefix(v.Name, "key")) {
					t.Errorf("the name does not say whether %d is a refusal", v.Response.Status)
				}
				resp := answerOf(v)
				var body []byte
				if resp.Body != nil {
					body, _ = io.ReadAll(resp.Body)
				}
				req := v.NewRequest(t, "a.b.c")
				openapitest.New(t).Check(t, req, v.Body(t), resp, body)
				v.Compare(t, resp.StatusCode, resp.Header, body)
			})
		}
	}
}

// answerOf makes the answer that a handler would give if it did as the vector says.
func answerOf(v contracttest.Vector) *http.Response {
	header := http.Header{}
	if len(v.Response.Body) > 0 {
		header.Set("Content-Type", "application/json; charset=utf-8")
	}
	for name, value := range v.Response.Headers {
		header.Set(name, value)
	}
	return &http.Response{StatusCode: v.Response.Status, Header: header, Body: io.NopCloser(bytes.NewReader(v.Response.Body))}
}

func TestCompareTellsWhatDiffers(t *testing.T) {
	v := contracttest.Find(t, contracttest.Load(t, "heartbeat"), "story")
	right := string(v.Response.Body)
	tests := map[string]struct {
		old, new string
		status   int
		want     string
	}{
		"equal":         {"", "", 200, ""},
		"jitter":        {"57812", "63000", 200, ""},
		"more zeros":    {"00.412Z", "00.412000Z", 200, ""},
		"another zone":  {"2026-01-01T00:00:00.412Z", "2026-01-01T01:00:00.412+01:00", 200, ""},
		"status":        {"", "", 201, "status 201"},
		"value":         {`"ok"`, `"no"`, 200, ".status is no"},
		"type":          {"57812", `"57812"`, 200, "next_heartbeat_ms"},
		"missing":       {`"status": "ok",`, "", 200, ".status is missing"},
		"extra":         {`"status"`, `"x":1,"status"`, 200, ".x should not"},
		"nested":        {`"generation": 0`, `"generation": 1`, 200, ".privacy.generation is 1"},
		"no JSON":       {"{", "[", 200, "body"},
		"another time":  {"00.412Z", "00.413Z", 200, ".server_time is"},
		"plain problem": {"", "", 200, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			rec := &recorder{TB: t}
			header := http.Header{"Content-Type": {"application/json"}}
			v.Compare(rec, tt.status, header, []byte(strings.Replace(right, tt.old, tt.new, 1)))
			if tt.want == "" && len(rec.failures) > 0 || !strings.Contains(strings.Join(rec.failures, "\n"), tt.want) {
				t.Errorf("failed with %q, want %q", rec.failures, tt.want)
			}
		})
	}
}

// recorder stands in for the test that a vector would fail.
type recorder struct {
	testing.TB
	failures []string
}

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

type rawIndex struct {
	Requests []struct {
		Name   string
		About  string
		Status int
	}
	Answers []struct {
		Name   string
		About  string
		Expect struct {
			Outcome    string
			Status     int
			Body       json.RawMessage
			KeepAlive  bool  `json:"keep_alive"`
			RetryAfter int64 `json:"retry_after_s"`
		}
	}
}

func readIndex(t *testing.T) rawIndex {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(contracttest.Folder(t), "http", "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	var index rawIndex
	if err := decoder.Decode(&index); err != nil {
		t.Fatal(err)
	}
	return index
}

// Go's own client stands in for the camera: where it and a vector disagree, the vector is wrong.
func TestRawAnswersAreWhatGoTakesThemFor(t *testing.T) {
	folder := filepath.Join(contracttest.Folder(t), "http", "answers")
	for _, a := range readIndex(t).Answers {
		t.Run(a.Name, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join(folder, a.Name+".http"))
			if err != nil {
				t.Fatal(err)
			}
			reader := bufio.NewReader(bytes.NewReader(raw))
			resp, err := http.ReadResponse(reader, &http.Request{Method: http.MethodPost})
			for err == nil && resp.StatusCode == http.StatusContinue {
				resp, err = http.ReadResponse(reader, &http.Request{Method: http.MethodPost})
			}
			var body []byte
			if err == nil {
				defer func() { _ = resp.Body.Close() }()
				body, err = io.ReadAll(resp.Body)
			}
			switch a.Expect.Outcome {
			case "ok", "too_long":
				if err != nil || resp.StatusCode != a.Expect.Status {
					t.Fatalf("error %v, want status %d", err, a.Expect.Status)
				}
				if len(body) > 4096 != (a.Expect.Outcome == "too_long") {
					t.Errorf("a body of %d bytes is not %s", len(body), a.Expect.Outcome)
				}
				if len(a.Expect.Body) > 0 && !sameJSON(t, body, a.Expect.Body) {
					t.Errorf("body %s, want %s", body, a.Expect.Body)
				}
			case "cut", "garbage":
				// 099 has three digits, which is all that Go asks of a status.
				if err == nil && a.Name != "status-99" {
					t.Errorf("status %d with body %q, want an error", resp.StatusCode, body)
				}
			default:
				t.Errorf("outcome %q does not exist", a.Expect.Outcome)
			}
		})
	}
}

func sameJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	var left, right any
	if err := json.Unmarshal(a, &left); err != nil {
		t.Errorf("%q: %v", a, err)
	}
	if err := json.Unmarshal(b, &right); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(left) == fmt.Sprint(right)
}

func TestReadmeListsEveryVector(t *testing.T) {
	folder := contracttest.Folder(t)
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := func(name, about string) string { return "| `" + name + "` | " + about + " |" }
	want := map[string]bool{}
	for _, call := range contracttest.Calls() {
		for _, v := range contracttest.Load(t, call) {
			want[row(v.Name, v.About)] = true
		}
	}
	index := readIndex(t)
	for _, r := range index.Requests {
		want[row(r.Name, r.About)] = true
	}
	for _, a := range index.Answers {
		want[row(a.Name, a.About)] = true
	}
	for line := range want {
		if !strings.Contains(string(readme), line) {
			t.Errorf("README.md lacks a line that begins with %s", line)
		}
	}
	for _, kind := range []string{"requests", "answers"} {
		files, _ := filepath.Glob(filepath.Join(folder, "http", kind, "*.http"))
		if listed := map[string]int{"requests": len(index.Requests), "answers": len(index.Answers)}[kind]; len(files) != listed {
			t.Errorf("%d files in http/%s, %d in index.json", len(files), kind, listed)
		}
	}
}

func TestTimesAreGiven(t *testing.T) {
	v := contracttest.Find(t, contracttest.Load(t, "motion"), "story")
	if want := time.Date(2026, 1, 1, 0, 0, 0, 412e6, time.UTC); !v.At.Equal(want) {
		t.Errorf("at %s, want the default %s", v.At, want)
	}
}
