package httpx_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

const beatBody = `{"device_id":"AA:BB:CC:DD:EE:FF","uptime":86400,"free_heap":142336,"rssi":-61,"camera_enabled":true,` +
	`"boot_id":"b7e1c2d3","monotonic_ms":86400123,"clock_quality":"synced","largest_free_block":110592,` +
	`"reset_reason":"poweron","brownout_count":0,"queue_depth":0,"events_dropped":0,"privacy_generation":3}`

type beat struct {
	DeviceID          string  `json:"device_id"`
	Uptime            float64 `json:"uptime"`
	FreeHeap          int64   `json:"free_heap"`
	RSSI              int     `json:"rssi"`
	CameraEnabled     bool    `json:"camera_enabled"`
	BootID            string  `json:"boot_id"`
	MonotonicMS       int64   `json:"monotonic_ms"`
	ClockQuality      string  `json:"clock_quality"`
	LargestFreeBlock  int64   `json:"largest_free_block"`
	ResetReason       string  `json:"reset_reason"`
	BrownoutCount     int     `json:"brownout_count"`
	QueueDepth        int     `json:"queue_depth"`
	EventsDropped     int     `json:"events_dropped"`
	PrivacyGeneration int64   `json:"privacy_generation"`
}

type beatAnswer struct {
	Status       string `json:"status"`
	ServerTime   string `json:"server_time"`
	ServerTimeMS int64  `json:"server_time_ms"`
}

func answer(c *gin.Context) {
	c.JSON(http.StatusOK, beatAnswer{"ok", "2026-01-31T12:00:00.000Z", 1769860800000})
}

// discard is the cheapest possible receiver of an answer, so that what is measured
// is the engine.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header            { return d.header }
func (*discard) Write(p []byte) (int, error)      { return len(p), nil }
func (*discard) WriteHeader(int)                  {}
func (*discard) SetReadDeadline(time.Time) error  { return nil }
func (*discard) SetWriteDeadline(time.Time) error { return nil }

type body struct{ strings.Reader }

func (*body) Close() error { return nil }

func benchmark(b *testing.B, h http.Handler, token string) {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/api/heartbeat", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	req.ContentLength = int64(len(beatBody))
	var rd body
	w := &discard{}
	b.ReportAllocs()
	for b.Loop() {
		rd.Reset(beatBody)
		req.Body = &rd
		w.header = make(http.Header)
		h.ServeHTTP(w, req)
	}
}

// BenchmarkHeartbeat compares the engine, with a token checked, against a bare Gin
// handler that binds and answers the same JSON.
func BenchmarkHeartbeat(b *testing.B) {
	otel.SetMeterProvider(sdkmetric.NewMeterProvider(
		sdkmetric.WithReader(sdkmetric.NewManualReader()), sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter)))
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		b.Fatal(err)
	}
	token, err := auth.NewSigner(key).Sign(auth.Claims{Subject: "AA:BB:CC:DD:EE:FF", Epoch: 1, ExpiresAt: time.Now().Add(time.Hour)})
	if err != nil {
		b.Fatal(err)
	}
	public, _ := key.Public().(ed25519.PublicKey)

	b.Run("bare", func(b *testing.B) {
		gin.SetMode(gin.ReleaseMode)
		e := gin.New()
		e.POST("/api/heartbeat", func(c *gin.Context) {
			var in beat
			if err := c.ShouldBindJSON(&in); err != nil {
				b.Error(err)
			}
			answer(c)
		})
		benchmark(b, e, token)
	})
	b.Run("engine", func(b *testing.B) {
		e := httpx.NewEngine(httpx.Options{})
		e.POST("/api/heartbeat", auth.RequireDevice(auth.NewVerifier([]ed25519.PublicKey{public}, nil)), func(c *gin.Context) {
			var in beat
			if err := httpx.BindJSON(c, &in, 4096); err != nil || auth.DeviceFrom(c).Subject != in.DeviceID {
				b.Error(err)
			}
			answer(c)
		})
		benchmark(b, e, token)
	})
}
