package httpx

import "github.com/gin-gonic/gin"

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
