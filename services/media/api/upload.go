package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/digest"
)

// upload takes one picture. Everything that can be said from the header is said before
// the body is read.
func (h handlers) upload(c *gin.Context) {
	claims := auth.DeviceFrom(c)
	u, err := parseUpload(c.Request, claims)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	p, err := h.service.Upload(c.Request.Context(), u, newPacedBody(c, h.pace))
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, wireUpload(p))
}

// parseUpload reads the header of an upload.
func parseUpload(r *http.Request, claims auth.Claims) (media.Upload, error) {
	u := media.Upload{
		Token:  media.Token{DeviceID: claims.Subject, Epoch: claims.Epoch},
		Length: r.ContentLength,
	}
	if err := checkSpeaker(r, claims.Subject); err != nil {
		return u, err
	}
	if err := checkType(r); err != nil {
		return u, err
	}
	if u.EventID = r.Header.Get("X-Event-ID"); u.EventID != "" {
		if err := media.CheckEventID(u.EventID); err != nil {
			return u, err
		}
	}
	age, err := headerInt(r, "X-Frame-Age-Ms", media.MaxFrameAge.Milliseconds())
	if err != nil {
		return u, err
	}
	if age != nil {
		u.FrameAge = time.Duration(*age) * time.Millisecond
	}
	if u.Generation, err = headerInt(r, "X-Privacy-Generation", 1<<53); err != nil {
		return u, err
	}
	if u.Digest, err = digest.Parse(strings.Join(r.Header.Values("Content-Digest"), ", ")); err != nil {
		return u, fault.Wrap(err, fault.Invalid, "Content-Digest cannot be read: %v. Write it as sha-256=:base64: (RFC 9530).", err)
	}
	return u, nil
}

// checkSpeaker: a device may only speak for itself.
func checkSpeaker(r *http.Request, subject string) error {
	named := r.Header.Get("X-Device-ID")
	if named == "" {
		return nil
	}
	id, err := media.ParseDeviceID(named)
	if err != nil {
		return err
	}
	if id != subject {
		return fault.New(fault.Forbidden, "The token belongs to another device than X-Device-ID names.")
	}
	return nil
}

// checkType accepts the types that cameras use for a JPEG, and none at all: the bytes
// decide.
func checkType(r *http.Request) error {
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return fault.New(fault.Unsupported, "The picture must not be compressed again; send it without Content-Encoding.")
	}
	text := r.Header.Get("Content-Type")
	if text == "" {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(text)
	if err == nil {
		switch mediaType {
		case "image/jpeg", "image/jpg", "image/pjpeg":
			return nil
		}
	}
	return fault.New(fault.Unsupported, "Only JPEG pictures are taken; send one with Content-Type: image/jpeg.")
}

// headerInt reads an optional decimal integer from 0 to most; nil when it is absent.
func headerInt(r *http.Request, name string, most int64) (*int64, error) {
	text := r.Header.Get(name)
	if text == "" {
		return nil, nil //nolint:nilnil // absent is not an error
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > most {
		return nil, fault.New(fault.Invalid, "%s must be an integer from 0 to %d.", name, most)
	}
	return &n, nil
}
