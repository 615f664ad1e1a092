package bench

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"math/rand/v2"
)

// camera is a device that the hub admitted.
type camera struct{ id, token string }

// fleet is how many devices speak by turns. It is the largest site that the hub is made for, and enough that no device
// meets the guard against floods (20 requests a second).
const fleet = 500

func deviceID(i int) string { return fmt.Sprintf("24:6F:28:00:%02X:%02X", i>>8&0xff, i&0xff) }

// The numbers begin with a digit other than zero and never outgrow their width.
const (
	firstEvent = "1000000001"
	firstMS    = "100000000123"
)

func (c camera) header(more ...string) []string {
	return append([]string{"User-Agent: nestbox-camera/1.0", "Authorization: Bearer " + c.token}, more...)
}

func (c camera) heartbeat() request {
	body := fmt.Sprintf(`{"device_id":"%s","uptime":3600,"free_heap":142336,"rssi":-61,"camera_enabled":true,`+
		`"boot_id":"b7f3a1c09e2d4456","monotonic_ms":%s,"clock_quality":"synced","largest_free_block":90112,`+
		`"reset_reason":"power_on","brownout_count":0,"queue_depth":0,"events_dropped":0,"sleep_seconds":0,`+
		`"privacy_generation":0}`, c.id, firstMS)
	return render("POST", "/api/heartbeat", c.header("Content-Type: application/json"), []byte(body),
		counterMark{firstMS, 60_000})
}

// motion is dated by the monotonic clock, which the events share with 5 s from one to the next: each is admitted, as out
// of a queue that is replayed.
func (c camera) motion() request {
	body := fmt.Sprintf(`{"device_id":"%s","timestamp":12,"motion_score":42,"camera_enabled":true,`+
		`"event_id":"b7f3a1c09e2d4456-%s","boot_id":"b7f3a1c09e2d4456","monotonic_ms":%s,"sent_monotonic_ms":%s,`+
		`"clock_quality":"unset","privacy_generation":0}`, c.id, firstEvent, firstMS, firstMS)
	return render("POST", "/api/events/motion", c.header("Content-Type: application/json"), []byte(body),
		counterMark{firstEvent, 1}, counterMark{firstMS, 5_000})
}

func (c camera) upload(picture []byte) request {
	return render("POST", "/api/images/upload", c.header("Content-Type: image/jpeg", "X-Device-ID: "+c.id,
		"X-Event-ID: b7f3a1c09e2d4456-"+firstEvent, "X-Frame-Age-Ms: 350"), picture, counterMark{firstEvent, 1})
}

func requests(cameras []camera, of func(camera) request) []request {
	all := make([]request, len(cameras))
	for i, c := range cameras {
		all[i] = of(c)
	}
	return all
}

// strangers are cameras that only a bare handler believes.
func strangers() []camera {
	all := make([]camera, fleet)
	for i := range all {
		// As long as a real token, so that both sides read the same number of bytes.
		all[i] = camera{deviceID(i), string(bytes.Repeat([]byte("x"), 175))}
	}
	return all
}

// picture is what an ESP32-CAM sends: VGA, about 40 KB.
func picture() []byte {
	random := rand.New(rand.NewPCG(1, 2))
	img := image.NewYCbCr(image.Rect(0, 0, 640, 480), image.YCbCrSubsampleRatio422)
	for y := range 480 {
		for x := range 640 {
			img.Y[y*img.YStride+x] = uint8((x/3+y/2)&0xff) + uint8(random.IntN(28))
		}
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = uint8(110+i%17), uint8(130+i%23)
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 55}); err != nil {
		panic(err)
	}
	return b.Bytes()
}
