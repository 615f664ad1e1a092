package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/telemetry"
)

// contentType is of the answers that are written without encoding/json.
const contentType = "application/json"

// callerOf returns the device that the token names. An X-Device-ID header must
// agree with it.
func callerOf(c *gin.Context) (telemetry.Caller, error) {
	claims := auth.DeviceFrom(c)
	id, err := telemetry.ParseDeviceID(claims.Subject)
	if err != nil || id != claims.Subject {
		return telemetry.Caller{}, errForeignToken
	}
	by := telemetry.Caller{DeviceID: id, Epoch: claims.Epoch}
	return by, by.SpeaksFor(c.GetHeader("X-Device-ID"))
}

// errForeignToken refuses a token that is signed by a key of ours and names no
// device: it was made for something else.
var errForeignToken = fault.New(fault.Unauthenticated, "This token is not one of a device. Register to get one.")

// heartbeatRequest is the story's body and the fields that Nestbox added to it.
type heartbeatRequest struct {
	DeviceID string `json:"device_id"`
	telemetry.Reading
}

func (h *handlers) heartbeat(c *gin.Context) {
	by, err := callerOf(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	var req heartbeatRequest
	if err := httpx.BindJSON(c, &req, maxBody); err != nil {
		httpx.Fail(c, err)
		return
	}
	if err := by.SpeaksFor(req.DeviceID); err != nil {
		httpx.Fail(c, err)
		return
	}
	reply, err := h.service.Heartbeat(c.Request.Context(), by, &req.Reading)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Data(http.StatusOK, contentType, appendReply(make([]byte, 0, 256), &reply))
}

// appendReply writes the answer to a heartbeat by hand: it is the answer that
// is given most, and encoding/json takes ten times as long.
func appendReply(dst []byte, r *telemetry.Reply) []byte {
	dst = append(dst, `{"status":"ok","server_time":"`...)
	dst = r.ServerTime.AppendFormat(dst, timeFormat)
	dst = append(dst, `","server_time_ms":`...)
	dst = strconv.AppendInt(dst, r.ServerTime.UnixMilli(), 10)
	dst = append(dst, `,"next_heartbeat_seconds":`...)
	dst = strconv.AppendInt(dst, int64(max(r.Next.Round(time.Second), time.Second)/time.Second), 10)
	dst = append(dst, `,"next_heartbeat_ms":`...)
	dst = strconv.AppendInt(dst, max(r.Next, time.Second).Milliseconds(), 10)
	dst = append(dst, `,"pending_commands":`...)
	dst = strconv.AppendInt(dst, int64(r.State.PendingCommands), 10)
	if !r.State.Known {
		return append(dst, `,"privacy":null}`...) // the camera keeps what it has
	}
	dst = append(dst, `,"privacy":{"locked":`...)
	dst = strconv.AppendBool(dst, r.State.PrivacyLocked)
	dst = append(dst, `,"generation":`...)
	dst = strconv.AppendInt(dst, r.State.PrivacyGeneration, 10)
	return append(dst, `}}`...)
}

// motionRequest is the story's body and the fields that Nestbox added to it.
type motionRequest struct {
	DeviceID          string                 `json:"device_id"`
	EventID           string                 `json:"event_id"`
	Timestamp         *float64               `json:"timestamp"`
	MotionScore       *float64               `json:"motion_score"`
	CameraEnabled     *bool                  `json:"camera_enabled"`
	BootID            string                 `json:"boot_id"`
	MonotonicMS       *int64                 `json:"monotonic_ms"`
	SentMonotonicMS   *int64                 `json:"sent_monotonic_ms"`
	ClockQuality      telemetry.ClockQuality `json:"clock_quality"`
	PrivacyGeneration *int64                 `json:"privacy_generation"`
}

type motionAnswer struct {
	Status       string   `json:"status"`
	EventID      string   `json:"event_id"`
	OccurredAt   wireTime `json:"occurred_at"`
	ServerTimeMS int64    `json:"server_time_ms"`
}

func (h *handlers) motion(c *gin.Context) {
	by, err := callerOf(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	var req motionRequest
	if err := httpx.BindJSON(c, &req, maxBody); err != nil {
		httpx.Fail(c, err)
		return
	}
	if err := by.SpeaksFor(req.DeviceID); err != nil {
		httpx.Fail(c, err)
		return
	}
	receipt, err := h.service.Motion(c.Request.Context(), by, &telemetry.Motion{
		EventID: req.EventID, Timestamp: req.Timestamp, Score: req.MotionScore, CameraEnabled: req.CameraEnabled,
		BootID: req.BootID, MonotonicMS: req.MonotonicMS, SentMonotonicMS: req.SentMonotonicMS,
		ClockQuality: req.ClockQuality, PrivacyGeneration: req.PrivacyGeneration,
	})
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, motionAnswer{
		Status: "received", EventID: receipt.EventID,
		OccurredAt: wireTime(receipt.OccurredAt), ServerTimeMS: receipt.ServerTime.UnixMilli(),
	})
}
