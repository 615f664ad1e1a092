package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Kind is what a command asks for.
type Kind string

// The kinds that the firmware knows.
const (
	KindCapture    Kind = "capture"     // take a picture and upload it; no parameters
	KindSetPrivacy Kind = "set_privacy" // made by SetPrivacy alone: locked, generation
	KindSetConfig  Kind = "set_config"  // settings kept on the device; at least one
	KindIdentify   Kind = "identify"    // blink, to be found among others; no parameters
	KindReboot     Kind = "reboot"      // no parameters
)

// maxParametersBytes bounds the JSON text. The largest valid set_config has
// under 120 bytes.
const maxParametersBytes = 1024

// frameSizes are the names that the camera driver gives its resolutions, as far
// as an ESP32-CAM with PSRAM takes them.
var frameSizes = []string{"qvga", "vga", "svga", "xga", "uxga"}

type configParameters struct {
	HeartbeatIntervalSeconds *int     `json:"heartbeat_interval_seconds,omitempty"`
	MotionThreshold          *float64 `json:"motion_threshold,omitempty"`
	FrameSize                *string  `json:"frame_size,omitempty"`
	JPEGQuality              *int     `json:"jpeg_quality,omitempty"`
}

// ParseParameters checks the parameters of a command against its kind and
// returns them in one form: compact, keys in a fixed order. Absent and null mean
// {}. Unknown keys are refused, unlike elsewhere: a misspelled setting that is
// ignored looks like a camera that does not obey.
func ParseParameters(k Kind, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) > maxParametersBytes {
		return nil, fault.New(fault.Invalid, "parameters must be at most %d bytes.", maxParametersBytes)
	}
	if t := bytes.TrimSpace(raw); len(t) == 0 || bytes.Equal(t, []byte("null")) {
		raw = json.RawMessage("{}")
	}
	var dst any
	var keys string
	switch k {
	case KindCapture, KindReboot, KindIdentify:
		dst, keys = &struct{}{}, "none"
	case KindSetConfig:
		dst, keys = &configParameters{}, "heartbeat_interval_seconds (10 to 3600), motion_threshold (0 to 100), frame_size ("+
			strings.Join(frameSizes, ", ")+"), jpeg_quality (10 to 63)"
	case KindSetPrivacy:
		dst, keys = &privacyParameters{}, "locked, generation"
	default:
		return nil, fault.New(fault.Invalid, "kind must be one of capture, set_config, identify, reboot.")
	}
	bad := fault.New(fault.Invalid, "The parameters do not fit a %s command. Allowed: %s.", k, keys)
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(dst); err != nil {
		return nil, fault.Wrap(err, bad.Kind, "%s", bad.Message)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, bad
	}
	if !inRange(dst) {
		return nil, bad
	}
	out, err := json.Marshal(dst)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "%s", bad.Message)
	}
	return out, nil
}

func inRange(p any) bool {
	switch p := p.(type) {
	case *configParameters:
		return *p != (configParameters{}) &&
			between(p.HeartbeatIntervalSeconds, 10, 3600) && between(p.MotionThreshold, 0, 100) && between(p.JPEGQuality, 10, 63) &&
			(p.FrameSize == nil || slices.Contains(frameSizes, *p.FrameSize))
	case *privacyParameters:
		return p.Generation >= 1
	}
	return true
}

// between reports whether v is absent or in the closed range.
func between[T int | float64](v *T, least, most T) bool { return v == nil || *v >= least && *v <= most }
