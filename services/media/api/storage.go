package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/media"
)

func (h handlers) showStorage(c *gin.Context) {
	s, err := h.service.Storage(c.Request.Context())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, wireStorage(s))
}

func (h handlers) listDeletions(c *gin.Context) {
	page, err := parsePage(c.Request.URL.Query())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := h.service.Deletions(c.Request.Context(), media.Page{After: page.After, Limit: page.Limit + 1})
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, more := cut(found, page.Limit)
	list := deletionList{Deletions: convert(found, wireDeletion)}
	if more {
		last := found[page.Limit-1]
		list.NextCursor = next(last.DeletedAt, last.PictureID)
	}
	c.JSON(http.StatusOK, list)
}

func (h handlers) listAudit(c *gin.Context) {
	page, err := parsePage(c.Request.URL.Query())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, err := h.service.Audit(c.Request.Context(), media.Page{After: page.After, Limit: page.Limit + 1})
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, more := cut(found, page.Limit)
	list := auditList{Entries: convert(found, wireAudit)}
	if more {
		last := found[page.Limit-1]
		list.NextCursor = next(last.At, last.ID)
	}
	c.JSON(http.StatusOK, list)
}
