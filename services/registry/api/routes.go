// Package api speaks the registry's part of the HTTP API, as
// services/internal/platform/openapi/openapi.yaml states it. Its handlers bind,
// call one method of registry.Service, and render; they hold no rule.
package api

import (
	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/internal/platform/openapi"
	"home.arpa/nestbox/services/registry"
)

// maxBody bounds a JSON body in bytes. The largest that makes sense, a
// registration with all its fields at their limits, has under 4 KiB.
const maxBody = 16 << 10

// Config is what the routes need. Service and Verifier are required.
type Config struct {
	Service  *registry.Service
	Verifier *auth.Verifier
	// Operators decides who is logged in; nil is Service itself, which asks the
	// database.
	Operators auth.Operators
}

type handlers struct{ service *registry.Service }

// Mount adds the registry's routes to r, whose engine comes from httpx.NewEngine.
func Mount(r gin.IRouter, c Config) {
	h := handlers{c.Service}
	if c.Operators == nil {
		c.Operators = c.Service
	}

	r.POST("/api/devices/register", httpx.ForDevice, httpx.NoStore, h.register)
	device := r.Group("/api/devices/:id", httpx.ForDevice, auth.RequireDevice(c.Verifier))
	device.GET("/commands", h.pollCommands)
	device.POST("/commands/:command_id/result", h.finishCommand)
	device.POST("/privacy/switch", h.switchPrivacy)

	r.POST("/api/login", h.login)
	r.GET(openapi.Path, openapi.Handler())
	op := r.Group("/api", auth.RequireOperator(c.Operators))
	op.POST("/logout", h.logout)
	op.GET("/session", h.showSession)
	op.PUT("/session/password", h.changePassword)
	op.GET("/tokens", h.listTokens)
	op.POST("/tokens", h.createToken)
	op.DELETE("/tokens/:id", h.deleteToken)
	op.GET("/devices", h.listDevices)
	op.GET("/devices/:id", h.showDevice)
	op.PATCH("/devices/:id", h.changeDevice)
	op.DELETE("/devices/:id", h.deleteDevice)
	op.POST("/devices/:id/approve", h.approveDevice)
	op.POST("/devices/:id/revoke", h.revokeDevice)
	op.PUT("/devices/:id/privacy", h.setPrivacy)
	op.GET("/commands", h.listCommands)
	op.POST("/commands", h.createCommand)
	op.GET("/commands/:command_id", h.showCommand)
	op.DELETE("/commands/:command_id", h.cancelCommand)
	op.GET("/audit", h.listEntries)
}

// deviceID reads the device of the path. On failure it has answered.
func deviceID(c *gin.Context) (string, bool) {
	id, err := registry.ParseDeviceID(c.Param("id"))
	if err != nil {
		httpx.Fail(c, err)
	}
	return id, err == nil
}

// bind reads the body. On failure it has answered.
func bind(c *gin.Context, dst any) bool {
	err := httpx.BindJSON(c, dst, maxBody)
	if err != nil {
		httpx.Fail(c, err)
	}
	return err == nil
}

// missing names a field that the body must have.
func missing(field string) error {
	return fault.New(fault.Invalid, "%s is missing.", field)
}
