package httpx

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	// statusClientGone is for requests whose caller hung up before the answer. No
	// one reads it; it keeps such requests out of the count of our own failures.
	statusClientGone = 499

	// What a caller is told when nobody gave better advice (429 and 503 always
	// carry Retry-After).
	defaultRetryAfter = 2 * time.Second

	titleInternal  = "Something went wrong on the hub. The log has the details under this request id."
	mimeProblem    = "application/problem+json"
	headerRetry    = "Retry-After"
	typeAboutBlank = "about:blank"
)

// ProblemBody is a problem document (RFC 9457). Empty fields are filled by
// Problem: type "about:blank", the status text as title, the request id as instance.
type ProblemBody struct {
	Type     string `json:"type"`
	Title    string `json:"title"`
	Status   int    `json:"status"`
	Detail   string `json:"detail,omitempty"`
	Instance string `json:"instance"`
}

// statusOf is the only table from kinds to status codes.
var statusOf = [...]int{
	fault.Internal:        http.StatusInternalServerError,
	fault.Invalid:         http.StatusBadRequest,
	fault.Unauthenticated: http.StatusUnauthorized,
	fault.Forbidden:       http.StatusForbidden,
	fault.NotFound:        http.StatusNotFound,
	fault.Conflict:        http.StatusConflict,
	fault.TooLarge:        http.StatusRequestEntityTooLarge,
	fault.Unsupported:     http.StatusUnsupportedMediaType,
	fault.Unprocessable:   http.StatusUnprocessableEntity,
	fault.RateLimited:     http.StatusTooManyRequests,
	fault.Unavailable:     http.StatusServiceUnavailable,
	fault.TimedOut:        http.StatusRequestTimeout,
}

// Status returns the status code of a kind; 500 for kinds it does not know.
func Status(k fault.Kind) int {
	if int(k) < len(statusOf) {
		return statusOf[k]
	}
	return http.StatusInternalServerError
}

// Problem writes a problem document with the given status and aborts the chain.
// Handlers use Fail; this is for answers that no fault.Kind describes.
func Problem(c *gin.Context, status int, p ProblemBody) {
	p.Status = status
	if p.Type == "" {
		p.Type = typeAboutBlank
	}
	if p.Title == "" {
		p.Title = statusText(status)
	}
	if p.Instance == "" {
		p.Instance = RequestID(c)
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and an int: cannot fail
		body = []byte(`{"type":"about:blank"}`)
	}
	h := c.Writer.Header()
	h.Set(headerRequestID, RequestID(c))
	// Gin keeps a type that is there, and an answer that failed may have left one.
	h.Set("Content-Type", mimeProblem)
	c.Abort()
	c.Data(status, mimeProblem, body)
}

func statusText(status int) string {
	if status == statusClientGone {
		return "Client Closed Request"
	}
	return http.StatusText(status)
}

// setRetryAfter writes d in whole seconds, rounded up, at least 1 (RFC 9110, 10.2.3).
func setRetryAfter(h http.Header, d time.Duration) {
	seconds := max(1, int64((d+time.Second-1)/time.Second))
	h.Set(headerRetry, strconv.FormatInt(seconds, 10))
}
