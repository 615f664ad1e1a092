package api

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/media"
)

// Pace is how fast a body has to arrive: at any moment no later than Grace after the
// start, plus a second for each BytesPerSecond that did arrive, and whole within
// Limit. A camera at the edge of its network gets the whole Limit; a client that
// sends a byte now and then is cut off after Grace.
type Pace struct {
	Limit          time.Duration
	Grace          time.Duration
	BytesPerSecond int64
}

// DefaultPace lets 60 KB take a minute.
func DefaultPace() Pace {
	return Pace{Limit: media.UploadLimit, Grace: 10 * time.Second, BytesPerSecond: 1024}
}

func (p Pace) orDefault() Pace {
	if p == (Pace{}) {
		return DefaultPace()
	}
	return p
}

// pacedBody is a request body that must keep a pace.
type pacedBody struct {
	c     *gin.Context
	pace  Pace
	rc    *http.ResponseController
	start time.Time // of the first Read; zero before
	got   int64
}

func newPacedBody(c *gin.Context, pace Pace) *pacedBody {
	return &pacedBody{c: c, pace: pace, rc: http.NewResponseController(c.Writer)}
}

// Read implements io.Reader. A body that is too slow is fault.TimedOut.
func (b *pacedBody) Read(p []byte) (int, error) {
	if b.start.IsZero() {
		b.start = time.Now()
		// Only now: a request that is refused before keeps the engine's shorter limit for
		// what net/http reads of a body that nobody wants.
		httpx.ReadDeadline(b.pace.Limit)(b.c)
	}
	earned := time.Duration(b.got) * time.Second / time.Duration(b.pace.BytesPerSecond)
	// Not supported by test recorders, which need no deadline.
	_ = b.rc.SetReadDeadline(b.start.Add(min(b.pace.Limit, b.pace.Grace+earned)))
	n, err := b.c.Request.Body.Read(p)
	b.got += int64(n)
	var tooBig *http.MaxBytesError
	switch {
	case err == nil, errors.Is(err, io.EOF):
	case fault.KindOf(err) == fault.TimedOut, errors.Is(err, os.ErrDeadlineExceeded):
		err = fault.Wrap(err, fault.TimedOut,
			"The picture arrived too slowly: it must come at %d bytes a second or faster and be whole within %v.", b.pace.BytesPerSecond, b.pace.Limit)
	case errors.As(err, &tooBig):
		err = fault.Wrap(err, fault.TooLarge, "A picture may have at most %d bytes.", tooBig.Limit)
	}
	return n, err //nolint:wrapcheck // io.EOF must stay io.EOF
}
