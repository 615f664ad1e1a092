package openapi_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/openapi"
	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
)

func setup(t *testing.T) (*gin.Engine, *openapitest.Checker) {
	t.Helper()
	gin.SetMode(gin.TestMode)
	engine := gin.New()
	engine.GET(openapi.Path, openapi.Handler())
	return engine, openapitest.New(t)
}

func TestDocumentIsServedUnderItsOwnContract(t *testing.T) {
	engine, checker := setup(t)

	first := checker.Do(t, engine, httptest.NewRequest(http.MethodGet, openapi.Path, nil))
	if first.Code != http.StatusOK || !bytes.Equal(first.Body.Bytes(), openapi.Document) {
		t.Fatalf("status %d with %d bytes, want the document", first.Code, first.Body.Len())
	}
	etag := first.Header().Get("ETag")

	for _, header := range []string{etag, "W/" + etag, `"other", ` + etag, "*"} {
		again := httptest.NewRequest(http.MethodGet, openapi.Path, nil)
		again.Header.Set("If-None-Match", header)
		if got := checker.Do(t, engine, again); got.Code != http.StatusNotModified || got.Body.Len() != 0 {
			t.Errorf("If-None-Match %s: status %d with %d bytes, want 304 and none", header, got.Code, got.Body.Len())
		}
	}

	stale := httptest.NewRequest(http.MethodGet, openapi.Path, nil)
	stale.Header.Set("If-None-Match", `"other"`)
	if got := checker.Do(t, engine, stale); got.Code != http.StatusOK {
		t.Errorf("stale ETag: status %d, want 200", got.Code)
	}
	checker.RequireAll(t, engine.Routes())
}
