package httpx

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// errMethodNotAllowed has no kind of its own: only a router can say it.
var errMethodNotAllowed = errors.New("method not allowed")

// Fail records err as the outcome of the request and stops the chain. The error
// middleware writes the answer, the log line carries err with all its causes. A
// handler returns after calling it.
func Fail(c *gin.Context, err error) {
	_ = c.Error(err)
	c.Abort()
}

// renderErrors turns the last recorded error into a problem document. An answer
// that has begun stays as it is: its error is only logged.
func renderErrors(c *gin.Context) {
	c.Next()
	if len(c.Errors) == 0 || c.Writer.Written() {
		return
	}
	err := c.Errors.Last().Err
	h := c.Writer.Header()
	// What a handler prepared was meant for the answer that failed.
	h.Del("Content-Length")
	h.Del("Etag")
	setHeaders(c)

	status, detail := outcome(c, err)
	switch f := fault.From(err); {
	case f != nil && f.RetryAfter > 0:
		setRetryAfter(h, f.RetryAfter)
	case status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
		setRetryAfter(h, defaultRetryAfter)
	}
	switch status {
	case http.StatusUnauthorized:
		h.Set("Www-Authenticate", "Bearer")
	case http.StatusRequestTimeout, http.StatusRequestEntityTooLarge:
		// The rest of the body is not worth reading to save a connection.
		h.Set("Connection", "close")
	}
	Problem(c, status, ProblemBody{Detail: detail})
}

// outcome returns the status of err and the sentence to show.
func outcome(c *gin.Context, err error) (status int, detail string) {
	if errors.Is(err, errMethodNotAllowed) {
		return http.StatusMethodNotAllowed, "This path does not answer " + boundedMethod(c.Request.Method) +
			"; the Allow header lists what it answers."
	}
	gone := c.Request.Context().Err() != nil && errors.Is(err, context.Canceled)
	if f := fault.From(err); f != nil && f.Kind != fault.Internal && !gone {
		return Status(f.Kind), f.Message
	}
	switch {
	case gone:
		return statusClientGone, "The caller hung up before the answer was ready."
	case errors.Is(err, context.DeadlineExceeded):
		// Adapters translate their own timeouts; this is the net below them.
		return http.StatusServiceUnavailable, "Something the hub depends on did not answer in time. Try again."
	}
	return http.StatusInternalServerError, titleInternal
}
