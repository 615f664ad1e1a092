// Package openapitest holds handlers to the OpenAPI document. A test sends its requests through a Checker, which fails
// when an answer has a status, a header, a media type or a field that the document does not give; at the end
// RequireAll tells which routes no test ever reached. Only tests import it: it links a validator.
package openapitest

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/pb33f/libopenapi-validator/config"
	"github.com/pb33f/libopenapi-validator/errors"
	"github.com/pb33f/libopenapi-validator/router"
	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"

	"home.arpa/nestbox/services/internal/platform/openapi"
)

// Checker validates answers and remembers which operations were exercised. It is safe for concurrent use, so parallel
// subtests may share one.
type Checker struct {
	doc *document

	mu        sync.Mutex
	exercised map[operation]bool // true once a request was answered below 400
}

// operation is a method and a path template whose parameters have lost their names: "GET", "/api/devices/{}".
type operation struct{ method, path string }

func (o operation) String() string { return o.method + " " + o.path }

// document is loaded once per test binary: building the model and compiling its schemas takes about as long as the
// rest of a service's tests. The validator keeps no state between calls; its caches have their own locks.
type document struct {
	model     *v3.Document
	validator validator.Validator
	router    router.Router
}

var load = sync.OnceValues(func() (*document, error) {
	parsed, err := libopenapi.NewDocument(openapi.Document)
	if err != nil {
		return nil, fmt.Errorf("parse openapi.yaml: %w", err)
	}
	model, err := parsed.BuildV3Model()
	if err != nil {
		return nil, fmt.Errorf("resolve openapi.yaml: %w", err)
	}
	// Security is not the validator's to judge: the handlers' own tests prove who is refused.
	v, problems := validator.NewValidator(parsed, config.WithFormatAssertions(), config.WithoutSecurityValidation())
	if len(problems) > 0 {
		return nil, fmt.Errorf("compile openapi.yaml: %w", problems[0])
	}
	if ok, found := v.ValidateDocument(); !ok {
		return nil, fmt.Errorf("openapi.yaml is not OpenAPI 3.1: %s", describe(found))
	}
	return &document{
		model:     &model.Model,
		validator: v,
		router:    router.NewRouter(&model.Model, router.WithPathOnlyMatching()),
	}, nil
})

// New gives a Checker that has seen nothing yet. It fails the test when the document itself is not valid.
func New(t testing.TB) *Checker {
	t.Helper()
	doc, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return &Checker{doc: doc, exercised: map[operation]bool{}}
}

// keptBody is how much of a request's body is kept to judge the request after it succeeded. JSON bodies are capped
// far below; of a picture only the headers are judged.
const keptBody = 64 << 10

// Do serves one request and validates what came back, see Check. A handler that streams must be given a request whose
// context ends.
func (c *Checker) Do(t testing.TB, handler http.Handler, req *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	kept := &limitedBuffer{limit: keptBody}
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = struct {
			io.Reader
			io.Closer
		}{io.TeeReader(req.Body, kept), req.Body}
	}
	// The handler gets the request itself, and middleware may change it; the judgement is on what was sent.
	sent := req.Clone(req.Context())
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	c.Check(t, sent, kept.Bytes(), rec.Result(), rec.Body.Bytes())
	return rec
}

// Check validates an answer that was had in another way than Do, over a socket for example. The bodies are given
// apart because both were read already; a request body that is nil is not judged.
//
// The status must be documented for the operation and the headers, media type and body must fit. A request that was
// answered with success must itself fit, so that the document describes what the handlers really take. A request for
// no documented operation must be answered by a problem document with 404 or 405.
func (c *Checker) Check(t testing.TB, req *http.Request, reqBody []byte, resp *http.Response, respBody []byte) {
	t.Helper()
	// The validator reads the body through the response; the caller keeps its own copy.
	resp.Body = io.NopCloser(bytes.NewReader(respBody))

	route, err := c.doc.router.FindRoute(req)
	if err != nil {
		checkUndocumented(t, req, resp)
		return
	}
	if ok, found := c.doc.validator.ValidateHttpResponse(req, resp); !ok {
		t.Errorf("%s %s was answered with %d, which openapi.yaml does not allow: %s\nbody: %s",
			req.Method, req.URL.Path, resp.StatusCode, describe(found), excerpt(respBody))
	}
	if resp.StatusCode < http.StatusBadRequest {
		c.checkAcceptedRequest(t, req, reqBody)
		c.mu.Lock()
		c.exercised[operation{req.Method, unnamed(route.Path)}] = true
		c.mu.Unlock()
	}
}

// checkAcceptedRequest holds an accepted request to the document. A JSON body without a media type is let through:
// the handlers take it so, since the story's clients are not the only ones that forget the header.
func (c *Checker) checkAcceptedRequest(t testing.TB, req *http.Request, body []byte) {
	t.Helper()
	copied := req.Clone(req.Context())
	copied.Body = io.NopCloser(bytes.NewReader(body))
	copied.GetBody = nil
	copied.ContentLength = int64(len(body))
	if len(body) > 0 && copied.Header.Get("Content-Type") == "" {
		copied.Header.Set("Content-Type", "application/json")
	}
	if ok, found := c.doc.validator.ValidateHttpRequestSync(copied); !ok {
		t.Errorf("%s %s was accepted, yet openapi.yaml does not allow the request: %s\nbody: %s",
			req.Method, req.URL.Path, describe(found), excerpt(body))
	}
}

func checkUndocumented(t testing.TB, req *http.Request, resp *http.Response) {
	t.Helper()
	media, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	unknown := resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusMethodNotAllowed
	if !unknown || media != "application/problem+json" {
		t.Errorf("%s %s is not in openapi.yaml, so the answer must be a 404 or 405 problem, not %d %s",
			req.Method, req.URL.Path, resp.StatusCode, media)
	}
}

// describe joins what the validator found, the deepest reason first, since the outer one only says "invalid".
func describe(found []*errors.ValidationError) string {
	var lines []string
	for _, problem := range found {
		line := problem.Message
		if problem.Reason != "" {
			line += ": " + problem.Reason
		}
		lines = append(lines, line)
		for _, failure := range problem.SchemaValidationErrors {
			lines = append(lines, "  "+strings.TrimSpace(failure.FieldPath+" "+failure.Reason))
		}
	}
	return strings.Join(lines, "\n  ")
}

func excerpt(body []byte) string {
	const longest = 2000
	if len(body) > longest {
		return fmt.Sprintf("%q… (%d bytes)", body[:longest], len(body))
	}
	return string(body)
}

// limitedBuffer keeps the first limit bytes and pretends to have kept the rest, as a TeeReader needs.
type limitedBuffer struct {
	bytes.Buffer
	limit int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := b.limit - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
