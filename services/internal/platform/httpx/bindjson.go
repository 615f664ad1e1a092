package httpx

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
)

const (
	maxJSONDepth = 32
	// keepBuffer is the largest buffer that goes back to the pool.
	keepBuffer = 64 << 10
)

// bodyBuffers lends the memory that a body is read into. Nothing decoded refers
// to it afterwards: encoding/json copies strings, and so must every UnmarshalJSON.
var bodyBuffers = sync.Pool{New: func() any { b := make([]byte, 0, 1024); return &b }}

// BindJSON decodes the body into dst. It reads no byte of a body that declares
// more than maxBytes, and at most maxBytes+1 of one that declares nothing.
//
// The body must be one JSON value (RFC 8259) in UTF-8, not null, at most 32 levels
// deep, without U+0000 anywhere, since Postgres cannot store it. Unknown fields
// are ignored, of equal fields the last one counts. A field that is absent or null
// leaves dst as it was: presence is for the caller to check.
//
// Errors are *fault.Error with a sentence for the caller: TooLarge, Unsupported
// (Content-Type other than JSON; none at all is accepted), TimedOut, and Invalid
// for the rest, naming the field where one is to blame. An UnmarshalJSON of dst may
// return a *fault.Error of its own, which is passed on.
func BindJSON(c *gin.Context, dst any, maxBytes int64) error {
	r := c.Request
	if !isJSON(r.Header["Content-Type"]) {
		return fault.New(fault.Unsupported, "The body must be JSON; send it with Content-Type: application/json.")
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return fault.New(fault.Unsupported, "The body must not be compressed; send it without Content-Encoding.")
	}
	if r.ContentLength > maxBytes {
		return tooLarge(maxBytes)
	}
	if r.Body == nil || r.Body == http.NoBody {
		return errEmptyBody
	}
	buf, _ := bodyBuffers.Get().(*[]byte)
	defer func() {
		if cap(*buf) <= keepBuffer {
			*buf = (*buf)[:0]
			bodyBuffers.Put(buf)
		}
	}()
	var err error
	if *buf, err = readBody((*buf)[:0], r.Body, maxBytes); err != nil {
		return err
	}
	return decodeJSON(*buf, dst)
}

// isJSON accepts application/json with any parameters, and the absence of a type.
func isJSON(contentType []string) bool {
	if len(contentType) == 0 || contentType[0] == "" || contentType[0] == "application/json" {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(contentType[0])
	return err == nil && mediaType == "application/json"
}

func tooLarge(maxBytes int64) error {
	return fault.New(fault.TooLarge, "The body is larger than the %d bytes that this route accepts.", maxBytes)
}

// readBody appends the body to buf, up to maxBytes.
func readBody(buf []byte, body io.Reader, maxBytes int64) ([]byte, error) {
	for {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		// One byte beyond the limit is enough to know that there is more.
		room := min(int64(cap(buf)), maxBytes+1)
		n, err := body.Read(buf[len(buf):room])
		buf = buf[:len(buf)+n]
		if int64(len(buf)) > maxBytes {
			return buf, tooLarge(maxBytes)
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return buf, nil
		case fault.From(err) != nil:
			return buf, err
		case errors.Is(err, io.ErrUnexpectedEOF):
			return buf, fault.Wrap(err, fault.Invalid, "The body ended before its declared length; %d bytes arrived.", len(buf))
		default:
			return buf, fault.Wrap(err, fault.Invalid, "The body could not be read to its end.")
		}
	}
}

var (
	errEmptyBody = fault.New(fault.Invalid, "The body is empty; this route expects JSON.")
	errNull      = fault.New(fault.Invalid, "The body must not be null.")
	errNUL       = fault.New(fault.Invalid, "The body contains the character U+0000, which cannot be stored.")
	errNotUTF8   = fault.New(fault.Invalid, "The body is not valid UTF-8.")
	errTooDeep   = fault.New(fault.Invalid, "The body is nested deeper than %d levels.", maxJSONDepth)
)

// decodeJSON is BindJSON on bytes; the fuzz target feeds it directly.
func decodeJSON(body []byte, dst any) error {
	text := bytes.Trim(body, " \t\r\n")
	switch {
	case len(text) == 0:
		return errEmptyBody
	case string(text) == "null":
		return errNull
	case hasNUL(text):
		return errNUL
	case !utf8.Valid(text):
		return errNotUTF8
	case tooDeep(text):
		return errTooDeep
	}
	if err := json.Unmarshal(text, dst); err != nil {
		return explain(err)
	}
	return nil
}
