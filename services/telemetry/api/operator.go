package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/telemetry"
)

func (h *handlers) listPresence(c *gin.Context) {
	all, err := h.service.Presences(c.Request.Context())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	list := make([]presenceJSON, len(all))
	for i := range all {
		list[i] = wirePresence(&all[i])
	}
	c.JSON(http.StatusOK, gin.H{"presence": list})
}

func (h *handlers) showPresence(c *gin.Context) {
	id, err := telemetry.ParseDeviceID(c.Param("id"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	p, err := h.service.Presence(c.Request.Context(), id)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, wirePresence(&p))
}

type eventList struct {
	Events     []eventJSON `json:"events"`
	NextCursor *string     `json:"next_cursor"`
}

func (h *handlers) listEvents(c *gin.Context) {
	q, err := eventQuery(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	page, err := h.service.Events(c.Request.Context(), q)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	list := eventList{Events: make([]eventJSON, len(page.Events))}
	for i := range page.Events {
		list.Events[i] = wireEvent(&page.Events[i])
	}
	if !page.Next.IsZero() {
		next := page.Next.String()
		list.NextCursor = &next
	}
	c.JSON(http.StatusOK, list)
}

func eventQuery(c *gin.Context) (q telemetry.EventQuery, err error) {
	if s := c.Query("device_id"); s != "" {
		if q.DeviceID, err = telemetry.ParseDeviceID(s); err != nil {
			return q, err
		}
	}
	if s := c.Query("kind"); s != "" {
		if q.Kind, err = telemetry.ParseKind(s); err != nil {
			return q, err
		}
	}
	if q.From, err = queryTime(c, "from"); err != nil {
		return q, err
	}
	if q.To, err = queryTime(c, "to"); err != nil {
		return q, err
	}
	if q.After, err = telemetry.ParseCursor(c.Query("cursor")); err != nil {
		return q, err
	}
	if s := c.Query("limit"); s != "" {
		// Zero is no default here: whoever asks for 0 gets to know the range.
		if q.Limit, err = strconv.Atoi(s); err != nil || q.Limit == 0 {
			return q, fault.New(fault.Invalid, "limit must be from 1 to %d.", telemetry.MaxLimit)
		}
	}
	return q, nil
}

func queryTime(c *gin.Context, name string) (time.Time, error) {
	s := c.Query(name)
	if s == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return time.Time{}, fault.New(fault.Invalid, "%s must be a time as in RFC 3339, such as 2026-01-31T18:00:00Z.", name)
	}
	return at.UTC(), nil
}
