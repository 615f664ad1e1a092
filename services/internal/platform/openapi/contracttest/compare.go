package contracttest

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"
)

// Compare fails the test where the answer is not the vector's: status, the headers that the vector gives, and the
// body, member by member. An answer of 400 and above must be a problem document in any case.
func (v Vector) Compare(t testing.TB, status int, header http.Header, body []byte) {
	t.Helper()
	if status != v.Response.Status {
		t.Errorf("%s (%s): status %d, want %d; body: %.500s", v.Name, v.About, status, v.Response.Status, body)
		return
	}
	media, _, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if status >= http.StatusBadRequest && media != "application/problem+json" {
		t.Errorf("%s: %d is answered as %q, not as a problem document", v.Name, status, media)
	}
	for name, want := range v.Response.Headers {
		got := header.Get(name)
		if got == "" || got != want && !slices.Contains(v.Response.Varies, name) {
			t.Errorf("%s: header %s is %q, want %q", v.Name, name, got, want)
		}
	}
	if len(v.Response.Body) == 0 {
		if len(body) > 0 {
			t.Errorf("%s: body %.200s, want none", v.Name, body)
		}
		return
	}
	var got, want any
	if err := json.Unmarshal(v.Response.Body, &want); err != nil {
		t.Fatalf("vector %s: %v", v.Name, err)
	}
	if err := json.Unmarshal(body, &got); err != nil {
		t.Errorf("%s: body %.200q: %v", v.Name, body, err)
		return
	}
	if differ := compare("", got, want, v.Response.Varies); differ != "" {
		t.Errorf("%s (%s): %s\nbody: %s", v.Name, v.About, differ, body)
	}
}

// compare returns what differs first, or nothing.
func compare(path string, got, want any, varies []string) string {
	if reflect.TypeOf(got) != reflect.TypeOf(want) {
		return fmt.Sprintf("%s is %v, want %v", path, got, want)
	}
	switch want := want.(type) {
	case map[string]any:
		got, _ := got.(map[string]any)
		for name := range got {
			if _, ok := want[name]; !ok {
				return fmt.Sprintf("%s.%s should not be there", path, name)
			}
		}
		for name, value := range want {
			if _, ok := got[name]; !ok {
				return fmt.Sprintf("%s.%s is missing", path, name)
			}
			if slices.Contains(varies, name) {
				if reflect.TypeOf(got[name]) != reflect.TypeOf(value) {
					return fmt.Sprintf("%s.%s is %v, want one like %v", path, name, got[name], value)
				}
				continue
			}
			if differ := compare(path+"."+name, got[name], value, varies); differ != "" {
				return differ
			}
		}
		return ""
	case []any:
		got, _ := got.([]any)
		if len(got) != len(want) {
			return fmt.Sprintf("%s has %d elements, want %d", path, len(got), len(want))
		}
		for i := range want {
			if differ := compare(fmt.Sprintf("%s[%d]", path, i), got[i], want[i], varies); differ != "" {
				return differ
			}
		}
		return ""
	case string:
		got, _ := got.(string)
		if got == want || sameTime(got, want) {
			return ""
		}
	default:
		if got == want {
			return ""
		}
	}
	return fmt.Sprintf("%s is %v, want %v", path, got, want)
}

// sameTime compares as instants, since RFC 3339 lets a writer choose how many zeros to end a second with.
func sameTime(a, b string) bool {
	at, errA := time.Parse(time.RFC3339Nano, a)
	bt, errB := time.Parse(time.RFC3339Nano, b)
	return errA == nil && errB == nil && at.Equal(bt)
}
