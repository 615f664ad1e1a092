package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/registry"
)

func (h handlers) listDevices(c *gin.Context) {
	var status registry.Status
	if v, ok := c.GetQuery("status"); ok {
		var err error
		if status, err = registry.ParseStatus(v); err != nil {
			httpx.Fail(c, err)
			return
		}
	}
	all, err := h.service.Devices(c.Request.Context(), status)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"devices": list(all, deviceOf)})
}

// renderDevice calls do with the device of the path and renders what it returns.
func renderDevice(c *gin.Context, do func(ctx context.Context, id string) (registry.Listing, error)) {
	id, ok := deviceID(c)
	if !ok {
		return
	}
	l, err := do(c.Request.Context(), id)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, deviceOf(l))
}

func (h handlers) showDevice(c *gin.Context) { renderDevice(c, h.service.Device) }

type devicePatch struct {
	Name *string `json:"name"`
	// Null is a value here: the default. Absent is none.
	HeartbeatIntervalSeconds nullable[int64] `json:"heartbeat_interval_seconds"`
}

// nullable tells an absent field from one that is null.
type nullable[T any] struct {
	sent  bool
	value *T
}

// UnmarshalJSON implements json.Unmarshaler. It is called for null too.
func (n *nullable[T]) UnmarshalJSON(b []byte) error {
	n.sent = true
	return json.Unmarshal(b, &n.value)
}

func (h handlers) changeDevice(c *gin.Context) {
	var in devicePatch
	if !bind(c, &in) {
		return
	}
	p := registry.DevicePatch{Name: in.Name}
	if in.HeartbeatIntervalSeconds.sent {
		p.HeartbeatInterval = new(time.Duration)
		if v := in.HeartbeatIntervalSeconds.value; v != nil {
			*p.HeartbeatInterval = seconds(*v)
		}
	}
	renderDevice(c, func(ctx context.Context, id string) (registry.Listing, error) {
		return h.service.UpdateDevice(ctx, auth.OperatorFrom(c), id, p)
	})
}

// seconds returns a duration that a rule can judge. Where 0 means "not given",
// an explicit 0 must be out of range, and so must what overflows.
func seconds(n int64) time.Duration {
	const beyond = int64(100 * 365 * 24 * time.Hour / time.Second)
	if n <= 0 || n > beyond {
		return -1
	}
	return time.Duration(n) * time.Second
}

func (h handlers) approveDevice(c *gin.Context) {
	var in struct {
		RequestID string `json:"request_id"`
	}
	// The body is optional.
	if c.Request.ContentLength != 0 && !bind(c, &in) {
		return
	}
	renderDevice(c, func(ctx context.Context, id string) (registry.Listing, error) {
		return h.service.ApproveDevice(ctx, auth.OperatorFrom(c), id, in.RequestID)
	})
}

func (h handlers) revokeDevice(c *gin.Context) {
	renderDevice(c, func(ctx context.Context, id string) (registry.Listing, error) {
		return h.service.RevokeDevice(ctx, auth.OperatorFrom(c), id)
	})
}

func (h handlers) deleteDevice(c *gin.Context) {
	id, ok := deviceID(c)
	if !ok {
		return
	}
	if err := h.service.DeleteDevice(c.Request.Context(), auth.OperatorFrom(c), id); err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

type privacyInput struct {
	Locked     *bool  `json:"locked"`
	Generation *int64 `json:"generation"`
}

func (h handlers) setPrivacy(c *gin.Context) {
	var in privacyInput
	if !bind(c, &in) {
		return
	}
	if in.Locked == nil {
		httpx.Fail(c, missing("locked"))
		return
	}
	renderDevice(c, func(ctx context.Context, id string) (registry.Listing, error) {
		return h.service.SetPrivacy(ctx, auth.OperatorFrom(c), id, *in.Locked)
	})
}

func (h handlers) switchPrivacy(c *gin.Context) {
	id, ok := deviceID(c)
	if !ok {
		return
	}
	var in privacyInput
	if !bind(c, &in) {
		return
	}
	if in.Locked == nil || in.Generation == nil {
		httpx.Fail(c, fault.New(fault.Invalid, "locked and generation are both needed."))
		return
	}
	p, err := h.service.SwitchPrivacy(c.Request.Context(), auth.DeviceFrom(c), id, *in.Locked, *in.Generation)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"privacy": privacyOf(p)})
}
