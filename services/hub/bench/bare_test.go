package bench

import (
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// The bare handlers are the least that Gin can do for the same request: decode it into a struct, encode the same answer.
// They check nothing, keep nothing and have no middleware. The types are their own, so that the measure does not move
// when the services' types do.

type bareHeartbeat struct {
	DeviceID          string `json:"device_id"`
	Uptime            int64  `json:"uptime"`
	FreeHeap          int64  `json:"free_heap"`
	RSSI              int    `json:"rssi"`
	CameraEnabled     bool   `json:"camera_enabled"`
	BootID            string `json:"boot_id"`
	MonotonicMS       int64  `json:"monotonic_ms"`
	ClockQuality      string `json:"clock_quality"`
	LargestFreeBlock  int64  `json:"largest_free_block"`
	ResetReason       string `json:"reset_reason"`
	BrownoutCount     int64  `json:"brownout_count"`
	QueueDepth        int64  `json:"queue_depth"`
	EventsDropped     int64  `json:"events_dropped"`
	SleepSeconds      int64  `json:"sleep_seconds"`
	PrivacyGeneration int64  `json:"privacy_generation"`
}

type barePrivacy struct {
	Locked     bool  `json:"locked"`
	Generation int64 `json:"generation"`
}

type bareHeartbeatAnswer struct {
	Status               string      `json:"status"`
	ServerTime           time.Time   `json:"server_time"`
	ServerTimeMS         int64       `json:"server_time_ms"`
	NextHeartbeatSeconds int64       `json:"next_heartbeat_seconds"`
	NextHeartbeatMS      int64       `json:"next_heartbeat_ms"`
	PendingCommands      int         `json:"pending_commands"`
	Privacy              barePrivacy `json:"privacy"`
}

type bareMotion struct {
	DeviceID          string  `json:"device_id"`
	Timestamp         float64 `json:"timestamp"`
	MotionScore       float64 `json:"motion_score"`
	CameraEnabled     bool    `json:"camera_enabled"`
	EventID           string  `json:"event_id"`
	BootID            string  `json:"boot_id"`
	MonotonicMS       int64   `json:"monotonic_ms"`
	SentMonotonicMS   int64   `json:"sent_monotonic_ms"`
	ClockQuality      string  `json:"clock_quality"`
	PrivacyGeneration int64   `json:"privacy_generation"`
}

type bareMotionAnswer struct {
	Status       string    `json:"status"`
	EventID      string    `json:"event_id"`
	OccurredAt   time.Time `json:"occurred_at"`
	ServerTimeMS int64     `json:"server_time_ms"`
}

type bareUploadAnswer struct {
	Status    string `json:"status"`
	PictureID string `json:"picture_id"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
}

func bareEngine() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.POST("/api/heartbeat", func(c *gin.Context) {
		var beat bareHeartbeat
		if err := c.ShouldBindJSON(&beat); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		now := time.Now().UTC()
		c.JSON(http.StatusOK, bareHeartbeatAnswer{
			Status: "ok", ServerTime: now, ServerTimeMS: now.UnixMilli(), NextHeartbeatSeconds: 58, NextHeartbeatMS: 57812,
		})
	})
	engine.POST("/api/events/motion", func(c *gin.Context) {
		var motion bareMotion
		if err := c.ShouldBindJSON(&motion); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		now := time.Now().UTC()
		c.JSON(http.StatusOK, bareMotionAnswer{Status: "received", EventID: motion.EventID, OccurredAt: now, ServerTimeMS: now.UnixMilli()})
	})
	engine.POST("/api/images/upload", func(c *gin.Context) {
		n, err := io.Copy(io.Discard, c.Request.Body)
		if err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		c.JSON(http.StatusOK, bareUploadAnswer{
			Status: "stored", PictureID: "019b76da-a800-7c31-b9a4-0d2a4c1e9b10", Bytes: n,
			SHA256: "5f8f04f6a3a892aaabbddb6cf273894493773960d4a325b105fee46eef4304f1",
		})
	})
	return engine
}
