package api

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

func (h handlers) listPictures(c *gin.Context) {
	q, err := parseQuery(c.Request.URL.Query())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	limit := q.Limit
	q.Limit++ // one more tells whether there is a next page
	found, err := h.service.Pictures(c.Request.Context(), q)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	found, more := cut(found, limit)
	list := pictureList{Pictures: convert(found, wirePicture)}
	if more {
		last := found[limit-1]
		list.NextCursor = next(last.CapturedAt, last.ID)
	}
	c.JSON(http.StatusOK, list)
}

func (h handlers) showPicture(c *gin.Context) {
	p, err := h.service.Picture(c.Request.Context(), c.Param("id"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, wirePicture(p))
}

func (h handlers) pinPicture(c *gin.Context) {
	var change pictureChange
	if err := httpx.BindJSON(c, &change, maxJSON); err != nil {
		httpx.Fail(c, err)
		return
	}
	if change.Pinned == nil {
		httpx.Fail(c, fault.New(fault.Invalid, "pinned must be given, true or false."))
		return
	}
	p, err := h.service.SetPinned(c.Request.Context(), c.Param("id"), *change.Pinned, actor(c))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, wirePicture(p))
}

func (h handlers) deletePicture(c *gin.Context) {
	if err := h.service.Delete(c.Request.Context(), c.Param("id"), actor(c)); err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}
