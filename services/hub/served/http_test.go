package served_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// answer is a response, read to its end.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any // nil when the body is no JSON object
	took   time.Duration
}

// client has no idle connections, so that a program that was killed and started anew is never met over an old one.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}

// try sends a request; body is nil, []byte, an io.Reader or something to send as JSON. headers are name, value, name, value.
func try(method, url string, body any, headers ...string) (answer, error) {
	var r io.Reader
	contentType := ""
	switch b := body.(type) {
	case nil:
	case []byte:
		r = bytes.NewReader(b)
	case io.Reader:
		r = b
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return answer{}, err
		}
		r, contentType = bytes.NewReader(data), "application/json"
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		return answer{}, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	begin := time.Now()
	res, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		return answer{}, err
	}
	a.took = time.Since(begin)
	_ = json.Unmarshal(a.body, &a.json)
	return a, nil
}

// do is try for requests that must be answered.
func do(t *testing.T, method, url string, body any, headers ...string) answer {
	t.Helper()
	a, err := try(method, url, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// want checks the status and gives the answer back.
func (a answer) want(t *testing.T, status int) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.body)
	}
	return a
}

func (a answer) text(key string) string {
	s, _ := a.json[key].(string)
	return s
}

// retries reports whether the answer says when to come again.
func (a answer) retries() bool {
	n, err := strconv.Atoi(a.header.Get("Retry-After"))
	return err == nil && n > 0
}

// eventually polls until ok, and fails the test after patience.
func eventually(t *testing.T, patience time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// answers is a condition for eventually: the call gives the status.
func answers(status int, call func() (answer, error)) func() bool {
	return func() bool {
		a, err := call()
		return err == nil && a.status == status
	}
}
