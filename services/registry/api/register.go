package api

import (
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/registry"
)

type registration struct {
	DeviceID        *string  `json:"device_id"`
	DeviceType      string   `json:"device_type"`
	FirmwareVersion string   `json:"firmware_version"`
	IPAddress       string   `json:"ip_address"`
	Capabilities    []string `json:"capabilities"`
	DeviceSecret    string   `json:"device_secret"`
	EnrolmentKey    string   `json:"enrolment_key"`
}

// registered is the whole answer for a client that sent only the story's
// fields: it reads into ArduinoJson's StaticJsonDocument<256>, 16 bytes a member
// and a copy of each key and string.
type registered struct {
	Status string `json:"status"`
	Token  string `json:"token"`
}

type registeredWithSecret struct {
	registered
	DeviceID                 string      `json:"device_id"`
	ExpiresAt                moment      `json:"expires_at"`
	ServerTime               moment      `json:"server_time"`
	ServerTimeMs             int64       `json:"server_time_ms"`
	HeartbeatIntervalSeconds int         `json:"heartbeat_interval_seconds"`
	Privacy                  privacyBody `json:"privacy"`
}

type pending struct {
	Status            string `json:"status"`
	RetryAfterSeconds int    `json:"retry_after_seconds"`
}

func (h handlers) register(c *gin.Context) {
	var in registration
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
	r, err := h.service.Register(c.Request.Context(), registry.Registration{
		DeviceID: id, Type: in.DeviceType, FirmwareVersion: in.FirmwareVersion, IPAddress: in.IPAddress,
		Capabilities: in.Capabilities, Secret: in.DeviceSecret, EnrolmentKey: in.EnrolmentKey,
	}, c.ClientIP())
	switch {
	case err != nil:
		httpx.Fail(c, err)
	case r.Pending:
		seconds := int(math.Ceil(r.RetryAfter.Seconds()))
		c.Header("Retry-After", strconv.Itoa(seconds))
		c.JSON(http.StatusAccepted, pending{Status: "pending", RetryAfterSeconds: seconds})
	case in.DeviceSecret == "":
		c.JSON(http.StatusOK, registered{Status: "registered", Token: r.Token})
	default:
		c.JSON(http.StatusOK, registeredWithSecret{
			registered: registered{Status: "registered", Token: r.Token},
			DeviceID:   r.Device.ID, ExpiresAt: moment(r.ExpiresAt),
			ServerTime: moment(r.Now), ServerTimeMs: r.Now.UnixMilli(),
			HeartbeatIntervalSeconds: int(r.Device.Interval() / time.Second),
			Privacy:                  privacyOf(r.Device.Privacy),
		})
	}
}
