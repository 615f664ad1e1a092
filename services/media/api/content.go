package api

import (
	"encoding/hex"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/media"
)

// immutable: the bytes under an id never change. private: they are nobody's but the
// operator's.
const immutable = "private, max-age=31536000, immutable"

func (h handlers) fetchImage(c *gin.Context) {
	p, b, err := h.service.Open(c.Request.Context(), c.Param("id"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	defer b.Close()
	serve(c, b, p.ID+".jpg", hex.EncodeToString(p.SHA256[:]))
}

func (h handlers) fetchThumbnail(c *gin.Context) {
	p, b, err := h.service.OpenThumbnail(c.Request.Context(), c.Param("id"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	defer b.Close()
	serve(c, b, p.ID+"-thumbnail.jpg", hex.EncodeToString(p.SHA256[:])+"-thumbnail")
}

// serve answers with the bytes, a part of them, or that they are unchanged.
func serve(c *gin.Context, b media.Blob, name, etag string) {
	header := c.Writer.Header()
	header.Set("Content-Type", "image/jpeg")
	header.Set("Content-Disposition", `inline; filename="`+name+`"`)
	header.Set("Cache-Control", immutable)
	header.Set("ETag", `"`+etag+`"`)
	w := &partWriter{ResponseWriter: c.Writer}
	// Without a time: the ETag is strong and needs no Last-Modified beside it.
	http.ServeContent(w, c.Request, "", time.Time{}, b)
	if w.refused {
		header.Del("Content-Disposition")
		header.Set("Cache-Control", "no-store")
		httpx.Problem(c, http.StatusRequestedRangeNotSatisfiable, httpx.ProblemBody{
			Detail: "The range lies beyond the picture, which has " + header.Get("Content-Range") + ".",
		})
	}
}

// partWriter holds back the plain text that net/http writes for a range that cannot
// be served, so that a problem document can stand in its place.
type partWriter struct {
	http.ResponseWriter
	refused bool
}

// WriteHeader implements http.ResponseWriter.
func (w *partWriter) WriteHeader(status int) {
	if status == http.StatusRequestedRangeNotSatisfiable {
		w.refused = true
		return
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *partWriter) Write(p []byte) (int, error) {
	if w.refused {
		return len(p), nil
	}
	return w.ResponseWriter.Write(p)
}
