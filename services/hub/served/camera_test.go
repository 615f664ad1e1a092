package served_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// camera speaks the device API with a secret of its own.
type camera struct {
	w                 *world
	id, secret, token string
}

// newCamera is camera number n with its secret; it has no token yet.
func (w *world) newCamera(n int) *camera {
	c := &camera{w: w, id: mac(n), secret: fmt.Sprintf("secret-of-camera-%032d", n)}
	w.secret(c.secret)
	return c
}

func mac(n int) string { return fmt.Sprintf("24:6F:28:00:%02X:%02X", n>>8&0xff, n&0xff) }

func (c *camera) register(more ...string) (hubtest.Answer, error) {
	body := map[string]any{
		"device_id": c.id, "device_type": "esp32cam", "firmware_version": "1.0.0", "ip_address": "192.168.1.50",
		"capabilities": []string{"camera", "motion_detection"}, "device_secret": c.secret,
	}
	for i := 0; i < len(more); i += 2 {
		body[more[i]] = more[i+1]
	}
	a, err := hubtest.Try(http.MethodPost, c.w.url+"/api/devices/register", body)
	if token := a.Text("token"); token != "" {
		c.token = token
		c.w.secret(token)
	}
	return a, err
}

// enrol registers and wants a token.
func (c *camera) enrol(t *testing.T, more ...string) *camera {
	t.Helper()
	a, err := c.register(more...)
	if err != nil {
		t.Fatal(err)
	}
	a.Want(t, http.StatusOK)
	if c.token == "" {
		t.Fatalf("no token in %s", a.Body)
	}
	return c
}

func (c *camera) bearer() []string { return []string{"Authorization", "Bearer " + c.token} }

func (c *camera) beat() (hubtest.Answer, error) {
	return hubtest.Try(http.MethodPost, c.w.url+"/api/heartbeat", map[string]any{
		"device_id": c.id, "uptime": 60, "free_heap": 150000, "rssi": -60, "camera_enabled": true,
	}, c.bearer()...)
}

// motion reports an event of the id at the time.
func (c *camera) motion(eventID string, at time.Time) (hubtest.Answer, error) {
	return hubtest.Try(http.MethodPost, c.w.url+"/api/events/motion", map[string]any{
		"device_id": c.id, "timestamp": at.Unix(), "motion_score": 42, "camera_enabled": true, "event_id": eventID,
	}, c.bearer()...)
}

func (c *camera) upload(frame []byte, headers ...string) (hubtest.Answer, error) {
	all := append([]string{"X-Device-ID", c.id, "Content-Type", "image/jpeg"}, c.bearer()...)
	return hubtest.Try(http.MethodPost, c.w.url+"/api/images/upload", frame, append(all, headers...)...)
}

// poll asks for commands at the origin, or at the one that is given.
func (c *camera) poll(waitSeconds int, origin ...string) (hubtest.Answer, error) {
	base := c.w.url
	if len(origin) > 0 {
		base = origin[0]
	}
	return hubtest.Try(http.MethodGet, fmt.Sprintf("%s/api/devices/%s/commands?wait_s=%d", base, c.id, waitSeconds), nil, c.bearer()...)
}

// frame is a JPEG that no other seed gives, of about 5 KB for 160 by 120 pixels.
func frame(seed uint64, width, height int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(i/width) + uint8(r.Uint32()%64)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
		panic(err) // an image in memory always encodes
	}
	return b.Bytes()
}
