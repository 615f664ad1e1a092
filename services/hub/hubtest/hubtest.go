// Package hubtest is an HTTP client for tests: it speaks JSON as the hub's API does, and reads every answer to its
// end. It knows no route. It is imported by tests only.
package hubtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// Answer is a response, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	JSON   map[string]any // nil when the body is no JSON object
	Took   time.Duration  // from the request to the end of the body; 0 for one that Read made
}

// client has no idle connections, so that a program that was killed and started anew is never met over an old one.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 2 * time.Minute}

// Try sends a request; body is nil, []byte, an io.Reader or something to send as JSON. headers are name, value, name, value.
func Try(method, url string, body any, headers ...string) (Answer, error) {
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
			return Answer{}, err
		}
		r, contentType = bytes.NewReader(data), "application/json"
	}
	req, err := http.NewRequest(method, url, r)
	if err != nil {
		return Answer{}, err
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
		return Answer{}, err
	}
	a, err := Read(res)
	a.Took = time.Since(begin)
	return a, err
}

// Read reads res to its end and closes it.
func Read(res *http.Response) (Answer, error) {
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Status: res.StatusCode, Header: res.Header, Body: body}
	_ = json.Unmarshal(a.Body, &a.JSON)
	return a, nil
}

// Do is Try for requests that must be answered.
func Do(t *testing.T, method, url string, body any, headers ...string) Answer {
	t.Helper()
	a, err := Try(method, url, body, headers...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// Want checks the status and gives the answer back.
func (a Answer) Want(t *testing.T, status int) Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("status %d, want %d: %s", a.Status, status, a.Body)
	}
	return a
}

// Text is a string of the JSON, "" when there is none.
func (a Answer) Text(key string) string {
	s, _ := a.JSON[key].(string)
	return s
}

// Retries reports whether the answer says when to come again.
func (a Answer) Retries() bool {
	n, err := strconv.Atoi(a.Header.Get("Retry-After"))
	return err == nil && n > 0
}

// Eventually polls until ok, and fails the test after patience.
func Eventually(t *testing.T, patience time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); !ok(); <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// Answers is a condition for Eventually: the call gives the status.
func Answers(status int, call func() (Answer, error)) func() bool {
	return func() bool {
		a, err := call()
		return err == nil && a.Status == status
	}
}
