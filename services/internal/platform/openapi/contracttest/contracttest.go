// Package contracttest reads the wire vectors of integration/contract, which the firmware's tests read too: exchanges
// between a camera and the hub, each with the state before, the request and the answer. A service's test brings about
// the state, sends the request and lets the vector judge the answer. The folder's README.md explains the files.
package contracttest

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The identity that all vectors are about.
const (
	DeviceID     = "24:6F:28:AA:BB:CC"
	DeviceSecret = "4f1d0c7ab2e95d3806f7c1e94ab85d2c7e3f60b19d8a42c5f0e1b7d36a9c8e54"
	EnrolmentKey = "lab-enrolment-key"
)

// Vector is one exchange.
type Vector struct {
	// Name is the file's name without .json.
	Name  string `json:"-"`
	About string `json:"about"`
	Given Given  `json:"given"`
	// At is the hub's clock when the request arrives.
	At time.Time `json:"at"`
	// Before names vectors of the same call that are sent first, each at its own time.
	Before   []string `json:"before"`
	Request  Request  `json:"request"`
	Response Response `json:"response"`

	folder string // integration/contract, for body_file
}

// Given is the state before. Load fills in the defaults.
type Given struct {
	Enrolment string `json:"enrolment"` // open, key or approve
	Device    string `json:"device"`    // unknown, approved (with DeviceSecret) or revoked
	Privacy   struct {
		Locked     bool  `json:"locked"`
		Generation int64 `json:"generation"`
	} `json:"privacy"`
	PendingCommands int       `json:"pending_commands"`
	Commands        []Command `json:"commands"`
	Token           string    `json:"token"` // valid, forged, expired, revoked, old-epoch or alg-none
}

// Command exists before the exchange.
type Command struct {
	ID         string          `json:"command_id"`
	Kind       string          `json:"kind"`
	Parameters json.RawMessage `json:"parameters"`
	CreatedAt  time.Time       `json:"created_at"`
	ExpiresAt  time.Time       `json:"expires_at"`
	State      string          `json:"state"` // queued or delivered
}

// Request is what the camera sends. At most one of the bodies is set.
type Request struct {
	Method     string            `json:"method"`
	Path       string            `json:"path"`
	Headers    map[string]string `json:"headers"`
	Body       json.RawMessage   `json:"body"`
	BodyText   *string           `json:"body_text"`
	BodyBase64 *string           `json:"body_base64"`
	BodyFile   *string           `json:"body_file"`
	BodyRepeat *struct {
		Before string `json:"before"`
		Repeat string `json:"repeat"`
		Times  int    `json:"times"`
		After  string `json:"after"`
	} `json:"body_repeat"`
}

// Response is what the hub answers.
type Response struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	// Body is complete; empty: the answer has none.
	Body json.RawMessage `json:"body"`
	// Varies names members of the body, and headers, that need only be there.
	Varies []string `json:"varies"`
}

var defaultTime = time.Date(2026, 1, 1, 0, 0, 0, 412e6, time.UTC)

// Calls lists the calls that have vectors.
func Calls() []string {
	return []string{"register", "heartbeat", "motion", "upload", "commands", "result", "privacy-switch"}
}

// Load reads all vectors of a call, by name. Unknown members in a file fail the test: a vector that says more than its
// reader understands would pass for the wrong reason.
func Load(t testing.TB, call string) []Vector {
	t.Helper()
	folder := Folder(t)
	files, err := filepath.Glob(filepath.Join(folder, call, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors of call %q in %s", call, folder)
	}
	slices.Sort(files)
	vectors := make([]Vector, len(files))
	for i, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		v := Vector{
			Name:   strings.TrimSuffix(filepath.Base(file), ".json"),
			Given:  Given{Enrolment: "approve", Device: "unknown", Token: "valid"},
			At:     defaultTime,
			folder: folder,
		}
		decoder := json.NewDecoder(bytes.NewReader(raw))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		vectors[i] = v
	}
	return vectors
}

// Find returns the vector of that name, for Before.
func Find(t testing.TB, vectors []Vector, name string) Vector {
	t.Helper()
	i := slices.IndexFunc(vectors, func(v Vector) bool { return v.Name == name })
	if i < 0 {
		t.Fatalf("no vector %q", name)
	}
	return vectors[i]
}

// Refused says whether the exchange is refused and must leave nothing behind.
func (v Vector) Refused() bool { return strings.HasPrefix(v.Name, "refused-") }

// NewRequest builds the request as a server would see it, with token in place of {token}.
func (v Vector) NewRequest(t testing.TB, token string) *http.Request {
	t.Helper()
	req := httptest.NewRequest(v.Request.Method, v.Request.Path, bytes.NewReader(v.Body(t)))
	for name, value := range v.Request.Headers {
		req.Header.Set(name, strings.ReplaceAll(value, "{token}", token))
	}
	return req
}

// Body returns the request's body, for senders that build the request themselves.
func (v Vector) Body(t testing.TB) []byte {
	t.Helper()
	r := v.Request
	switch {
	case r.BodyText != nil:
		return []byte(*r.BodyText)
	case r.BodyBase64 != nil:
		body, err := base64.StdEncoding.DecodeString(*r.BodyBase64)
		if err != nil {
			t.Fatalf("vector %s: %v", v.Name, err)
		}
		return body
	case r.BodyFile != nil:
		body, err := os.ReadFile(filepath.Join(v.folder, filepath.FromSlash(*r.BodyFile)))
		if err != nil {
			t.Fatal(err)
		}
		return body
	case r.BodyRepeat != nil:
		return []byte(r.BodyRepeat.Before + strings.Repeat(r.BodyRepeat.Repeat, r.BodyRepeat.Times) + r.BodyRepeat.After)
	}
	return r.Body
}

// Folder finds integration/contract in a folder above the test's own.
func Folder(t testing.TB) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		folder := filepath.Join(at, "integration", "contract")
		if _, err := os.Stat(folder); err == nil {
			return folder
		}
		above := filepath.Dir(at)
		if above == at {
			t.Fatal("integration/contract is in no folder above this test; the vectors are part of the repository")
		}
		at = above
	}
}
