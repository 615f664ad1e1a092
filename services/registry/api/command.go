package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/registry"
)

// maxWait keeps a long poll below the 60 s after which home routers and proxies
// forget a silent connection.
const maxWait = 50

var errWait = fault.New(fault.Invalid, "wait_s must be whole seconds from 0 to %d.", maxWait)

func (h handlers) pollCommands(c *gin.Context) {
	id, ok := deviceID(c)
	if !ok {
		return
	}
	wait := 0
	if v, sent := c.GetQuery("wait_s"); sent {
		var err error
		if wait, err = strconv.Atoi(v); err != nil || wait < 0 || wait > maxWait {
			httpx.Fail(c, errWait)
			return
		}
	}
	commands, err := h.service.NextCommands(c.Request.Context(), auth.DeviceFrom(c), id, time.Duration(wait)*time.Second, httpx.Draining(c))
	switch {
	case err != nil:
		httpx.Fail(c, err)
	case len(commands) == 0:
		c.Status(http.StatusNoContent)
	default:
		c.JSON(http.StatusOK, gin.H{"commands": list(commands, func(cmd registry.Command) deviceCommand {
			return deviceCommand{
				CommandID: cmd.ID, Kind: cmd.Kind, Parameters: cmd.Parameters,
				CreatedAt: moment(cmd.CreatedAt), ExpiresAt: moment(cmd.ExpiresAt),
			}
		})})
	}
}

func (h handlers) finishCommand(c *gin.Context) {
	id, ok := deviceID(c)
	if !ok {
		return
	}
	var in struct {
		Status registry.State `json:"status"`
		Detail string         `json:"detail"`
	}
	if !bind(c, &in) {
		return
	}
	err := h.service.FinishCommand(c.Request.Context(), auth.DeviceFrom(c), id, c.Param("command_id"),
		registry.Result{State: in.Status, Detail: in.Detail})
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"status": "recorded"})
}

func (h handlers) createCommand(c *gin.Context) {
	var in struct {
		DeviceID         *string         `json:"device_id"`
		Kind             registry.Kind   `json:"kind"`
		Parameters       json.RawMessage `json:"parameters"`
		ExpiresInSeconds *int64          `json:"expires_in_seconds"`
	}
	if !bind(c, &in) {
		return
	}
	if in.DeviceID == nil {
		httpx.Fail(c, missing("device_id"))
		return
	}
	id, err := registry.ParseDeviceID(*in.DeviceID)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	o := registry.Order{DeviceID: id, Kind: in.Kind, Parameters: in.Parameters}
	if in.ExpiresInSeconds != nil {
		o.Life = seconds(*in.ExpiresInSeconds)
	}
	cmd, err := h.service.CreateCommand(c.Request.Context(), auth.OperatorFrom(c), o)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, commandOf(cmd))
}

func (h handlers) listCommands(c *gin.Context) {
	var f registry.CommandFilter
	p, err := page(c)
	if v, ok := c.GetQuery("device_id"); ok && err == nil {
		f.DeviceID, err = registry.ParseDeviceID(v)
	}
	if v, ok := c.GetQuery("state"); ok && err == nil {
		f.State, err = registry.ParseState(v)
	}
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	all, err := h.service.Commands(c.Request.Context(), f, p)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	all, next := cut(all, p, func(cmd registry.Command) string { return cmd.ID })
	c.JSON(http.StatusOK, gin.H{"commands": list(all, commandOf), "next_cursor": next})
}

func renderCommand(c *gin.Context, do func(ctx context.Context, id string) (registry.Command, error)) {
	cmd, err := do(c.Request.Context(), c.Param("command_id"))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, commandOf(cmd))
}

func (h handlers) showCommand(c *gin.Context) { renderCommand(c, h.service.Command) }

func (h handlers) cancelCommand(c *gin.Context) {
	renderCommand(c, func(ctx context.Context, id string) (registry.Command, error) {
		return h.service.CancelCommand(ctx, auth.OperatorFrom(c), id)
	})
}
