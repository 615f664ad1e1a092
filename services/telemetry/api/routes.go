// Package api is telemetry over HTTP: the heartbeat and motion routes of the
// device API, and the presence, event and stream routes of the operator API.
//
// It owns the wire form. A handler binds, calls one method of
// telemetry.Service and renders; the rules are not here.
package api

import (
	"cmp"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/telemetry"
)

// maxBody is the most that a JSON body may have, in bytes. The longest
// heartbeat that a camera sends is a tenth of it.
const maxBody = 16 << 10

// Config is what the routes need.
type Config struct {
	Service   *telemetry.Service
	Verifier  *auth.Verifier
	Operators auth.Operators
	// Stream is what GET /api/stream shows. It carries the messages of all
	// services, not only those of telemetry.
	Stream stream.Stream
	// Ping is the pause between two comments on a stream that has nothing to say;
	// 0 means 15 s.
	Ping time.Duration
	// WriteLimit is how long a watcher may take to read one message; 0 means 10 s.
	WriteLimit time.Duration
	// Watchers is how many streams may be open at once; 0 means 64.
	Watchers int
}

// Mount adds the routes of telemetry to r, which comes from httpx.NewEngine.
func Mount(r gin.IRouter, cfg Config) {
	h := &handlers{service: cfg.Service}
	device := r.Group("", httpx.ForDevice, auth.RequireDevice(cfg.Verifier))
	device.POST("/api/heartbeat", h.heartbeat)
	device.POST("/api/events/motion", h.motion)

	requireOperator := auth.RequireOperator(cfg.Operators)
	operator := r.Group("", requireOperator)
	operator.GET("/api/presence", h.listPresence)
	operator.GET("/api/presence/:id", h.showPresence)
	operator.GET("/api/events", h.listEvents)
	operator.GET("/api/stream", httpx.WriteDeadline(cmp.Or(cfg.WriteLimit, defaultWriteLimit)), newStreams(cfg, requireOperator).serve)
}

type handlers struct {
	service *telemetry.Service
}
