package httpx

import (
	"math/rand/v2"
	"strconv"

	"github.com/gin-gonic/gin"
)

const (
	headerRequestID  = "X-Request-Id"
	keyRequestID     = "home.arpa/nestbox/request-id"
	maxRequestIDSize = 64
)

// RequestID returns the id under which the log and a problem document speak of
// this request: what the caller sent in X-Request-Id when that is 1 to 64 of
// [A-Za-z0-9_-], else a random one. It is made on first use, because most
// requests go well and nobody asks.
func RequestID(c *gin.Context) string {
	if id := c.GetString(keyRequestID); id != "" {
		return id
	}
	id := c.Request.Header.Get(headerRequestID)
	if !plainID(id) {
		id = strconv.FormatUint(rand.Uint64(), 36) //nolint:gosec // an id for finding log lines, not a secret
	}
	c.Set(keyRequestID, id)
	return id
}

// plainID reports whether id can be put in a log line, a header and a URI as it is.
func plainID(id string) bool {
	if id == "" || len(id) > maxRequestIDSize {
		return false
	}
	for i := range len(id) {
		switch b := id[i]; {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '_':
		default:
			return false
		}
	}
	return true
}
