package httpx

import (
	"net/http"

	"github.com/gin-gonic/gin"
)

// The header values are shared by all responses: assigning a slice costs no
// allocation, and a handler that calls Set or Add never writes into them, since
// their capacity is their length.
var (
	valueNoSniff    = []string{"nosniff"}
	valueNoStore    = []string{"no-store"}
	valueNoReferrer = []string{"no-referrer"}
	valueNoContent  = []string{"default-src 'none'; frame-ancestors 'none'"}
)

// setHeaders makes every answer safe to open in a browser: not guessed, not kept,
// not framed, running nothing. A handler that serves pages or pictures overrides
// Cache-Control and Content-Security-Policy with Header().Set.
func setHeaders(c *gin.Context) {
	h := c.Writer.Header()
	h["X-Content-Type-Options"] = valueNoSniff
	h["Cache-Control"] = valueNoStore
	h["Referrer-Policy"] = valueNoReferrer
	h["Content-Security-Policy"] = valueNoContent
}

// ForDevice is for the routes that cameras call: an answer that goes well has no header which only a browser obeys, for
// a camera pays for each byte every minute. A browser cannot get such an answer, since it has no device's token. What it
// can get is a refusal, and that has all of them.
//
// No cache keeps the answer to a POST that does not say for how long (RFC 9111, 3), so only others say no-store. One
// with a secret inside says it all the same, by NoStore.
func ForDevice(c *gin.Context) {
	h := c.Writer.Header()
	delete(h, "X-Content-Type-Options")
	delete(h, "Referrer-Policy")
	delete(h, "Content-Security-Policy")
	if c.Request.Method == http.MethodPost {
		delete(h, "Cache-Control")
	}
}

// NoStore says that nobody on the way may keep the answer.
func NoStore(c *gin.Context) {
	c.Writer.Header()["Cache-Control"] = valueNoStore
}
