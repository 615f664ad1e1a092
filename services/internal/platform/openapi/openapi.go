// Package openapi holds the contract of the whole API: the OpenAPI 3.1 document, embedded, and the handler that serves
// it. It knows nothing of the services; each service's tests hold its handlers to the document through openapitest,
// which is a package of its own so that no program links a validator.
package openapi

import (
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// Document is openapi.yaml as it was when the program was built. Callers must not change it.
//
//go:embed openapi.yaml
var Document []byte

// Path is where Handler belongs, and the only path that the document gives for itself.
const Path = "/api/openapi.yaml"

// ContentType is the media type of YAML (RFC 9512). Browsers download it rather than show it.
const ContentType = "application/yaml"

// Handler serves the document with a strong ETag, so that a client that polls it pays for a header only. It needs no
// login: the document is public in the repository, and a firmware developer wants it before having an account.
func Handler() gin.HandlerFunc {
	sum := sha256.Sum256(Document)
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	return func(c *gin.Context) {
		c.Header("ETag", etag)
		c.Header("Cache-Control", "no-cache")
		if matches(c.GetHeader("If-None-Match"), etag) {
			c.Status(http.StatusNotModified)
			c.Writer.WriteHeaderNow()
			return
		}
		c.Data(http.StatusOK, ContentType, Document)
	}
}

// matches says whether an If-None-Match header names etag, by the weak comparison of RFC 9110, 13.1.2.
func matches(header, etag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == etag {
			return true
		}
	}
	return false
}
