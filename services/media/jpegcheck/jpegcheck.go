// Package jpegcheck decides, while the bytes arrive, whether they are one whole
// JPEG picture and how large it is.
//
// It walks the markers of ITU-T T.81 (SOI, segments, frame header, every scan,
// EOI) and decodes nothing, so it costs no memory and little time: a Checker is
// a small struct without pointers that allocates nothing. It knows neither HTTP
// nor storage. It proves that a picture is not cut and that its size is within
// limits; it cannot prove that the entropy-coded data means anything. Bytes that
// changed on the way are what the digest is for.
package jpegcheck

import (
	"bytes"
	"errors"
)

// Limits of an accepted picture. A camera's largest frame today has 5 MP; the
// limits bound what a thumbnail may cost to decode.
const (
	MaxSide   = 8192             // pixels, width and height
	MaxPixels = 16 * 1000 * 1000 // width times height
	// MaxScans bounds the decoder's work, not ours: each scan of a progressive
	// picture can cost a pass over all blocks for a handful of bytes. Encoders
	// write about 10. https://libjpeg-turbo.org/pmwiki/uploads/About/TwoIssueswiththeJPEGStandard.pdf
	MaxScans = 100
)

// What can be wrong with a picture. All are final: after one of them the Checker
// accepts nothing more and reports the same error again.
var (
	// ErrNotJPEG means that the first bytes are not those of a JPEG.
	ErrNotJPEG = errors.New("does not begin as a JPEG does")
	// ErrUnsupported means a JPEG that browsers do not show either: lossless,
	// hierarchical or arithmetic coding, or samples that are not 8 bits.
	ErrUnsupported = errors.New("is a JPEG of an uncommon kind (not baseline or progressive with 8-bit samples)")
	// ErrMalformed means that the markers contradict T.81.
	ErrMalformed = errors.New("is not a well-formed JPEG")
	// ErrSize means that a side or the number of pixels is out of bounds.
	ErrSize = errors.New("has dimensions out of bounds")
	// ErrTrailing means that bytes follow the end-of-image marker.
	ErrTrailing = errors.New("has bytes after its end marker")
	// ErrCut means that the bytes end before the end-of-image marker.
	ErrCut = errors.New("is cut: the end marker is missing")
)

// Info is what the frame header says.
type Info struct {
	Width, Height int // pixels, 1..MaxSide
	Components    int // 1 grey, 3 colour, 4 CMYK
	Progressive   bool
}

// Marker codes of T.81 table B.1.
const (
	mSOF0 = 0xC0 // baseline
	mSOF1 = 0xC1 // extended sequential
	mSOF2 = 0xC2 // progressive
	mDHT  = 0xC4
	mJPG  = 0xC8
	mDAC  = 0xCC
	mSOFF = 0xCF
	mRST0 = 0xD0
	mRST7 = 0xD7
	mSOI  = 0xD8
	mEOI  = 0xD9
	mSOS  = 0xDA
	mDQT  = 0xDB
	mDNL  = 0xDC
	mDRI  = 0xDD
	mDHP  = 0xDE
	mEXP  = 0xDF
	mAPP0 = 0xE0
	mAPPF = 0xEF
	mCOM  = 0xFE
)

// state is where in the grammar the next byte falls.
type state uint8

const (
	atSOI0       state = iota // expects the FF of SOI
	atSOI1                    // expects the D8 of SOI
	atMarker                  // expects the FF of a marker
	atCode                    // after one or more FF, expects the code
	atLengthHigh              // first byte of a segment's length
	atLengthLow               // second byte of it
	inSegment                 // in a segment whose content is not looked at
	inHeader                  // in the SOF or SOS segment
	inScan                    // in entropy-coded data
	inScanFF                  // in entropy-coded data, after an FF
	atEnd                     // after EOI
	failed
)

// Checker is an io.Writer that is fed a picture in pieces of any size. The zero
// value is ready. It is not safe for concurrent use.
type Checker struct {
	state  state
	code   uint8  // marker of the segment being read
	left   uint32 // bytes that remain of the segment
	header [20]byte
	filled uint8 // bytes of header that are set
	scans  uint8
	coded  bool // the current scan has at least one byte
	info   Info
	offset int64
	err    error
}

// Write checks the next bytes. It returns the number of bytes that were in order
// and one of the package's errors at the first that is not.
func (c *Checker) Write(p []byte) (int, error) {
	for i := 0; i < len(p); {
		n, err := c.step(p[i:])
		if err != nil {
			c.state, c.err = failed, err
			return i, err
		}
		i += n
		c.offset += int64(n)
	}
	return len(p), nil
}

// Finish says what was read once there are no more bytes: the picture's facts,
// the error that Write returned, or ErrCut.
func (c *Checker) Finish() (Info, error) {
	switch {
	case c.err != nil:
		return Info{}, c.err
	case c.offset == 0, c.state != atEnd:
		return Info{}, ErrCut
	}
	return c.info, nil
}

// Frame returns what the frame header said, as soon as that was read, whole picture
// or not.
func (c *Checker) Frame() (Info, bool) { return c.info, c.info.Width != 0 }

// Offset is the number of bytes that were in order.
func (c *Checker) Offset() int64 { return c.offset }

// step consumes at least one byte of p, which is not empty.
func (c *Checker) step(p []byte) (int, error) {
	b := p[0]
	switch c.state {
	case atSOI0:
		if b != 0xFF {
			return 0, ErrNotJPEG
		}
		c.state = atSOI1
	case atSOI1:
		if b != mSOI {
			return 0, ErrNotJPEG
		}
		c.state = atMarker
	case atMarker:
		if b != 0xFF {
			return 0, c.malformed()
		}
		c.state = atCode
	case atCode:
		if b == 0xFF { // fill byte, T.81 B.1.1.2
			return 1, nil
		}
		return 1, c.marker(b)
	case atLengthHigh:
		c.left = uint32(b) << 8
		c.state = atLengthLow
	case atLengthLow:
		return 1, c.length(c.left | uint32(b))
	case inSegment:
		n := min(len(p), int(c.left))
		c.left -= uint32(n)
		if c.left == 0 {
			c.state = atMarker
		}
		return n, nil
	case inHeader:
		return c.collect(p)
	case inScan:
		return c.scan(p), nil
	case inScanFF:
		return 1, c.scanMarker(b)
	case atEnd:
		return 0, ErrTrailing
	case failed:
		return 0, c.err
	}
	return 1, nil
}

// malformed keeps "this is no JPEG at all" apart from "this JPEG is damaged": the
// first marker after SOI decides.
func (c *Checker) malformed() error {
	if c.offset <= 3 {
		return ErrNotJPEG
	}
	return ErrMalformed
}

// scan skips entropy-coded data up to the next FF.
func (c *Checker) scan(p []byte) int {
	n := bytes.IndexByte(p, 0xFF)
	if n < 0 {
		n = len(p)
	}
	if n > 0 {
		c.coded = true
		return n
	}
	c.state = inScanFF
	return 1
}

// scanMarker takes the byte after an FF in entropy-coded data.
func (c *Checker) scanMarker(b byte) error {
	switch {
	case b == 0x00: // a stuffed FF is data
		c.coded = true
		c.state = inScan
	case mRST0 <= b && b <= mRST7:
		// The order of restart markers is not checked: a camera that miscounts
		// makes a picture that browsers show.
		c.state = inScan
	case b == 0xFF: // fill byte before a marker
	case !c.coded:
		return ErrMalformed
	default:
		return c.marker(b)
	}
	return nil
}
