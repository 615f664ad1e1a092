package jpegcheck

// longestHeader is the length of the longest SOF or SOS content that can be in
// order: SOF of 4 components, 6 bytes and 3 for each.
const longestHeader = 6 + 3*4

// marker takes the code of a marker outside entropy-coded data.
func (c *Checker) marker(code uint8) error {
	switch {
	case code == mEOI:
		if c.scans == 0 {
			return ErrMalformed
		}
		c.state = atEnd
		return nil
	case code == mSOF0, code == mSOF1, code == mSOF2:
		if c.info.Width != 0 { // a second frame: only hierarchical files have it
			return ErrMalformed
		}
	case code == mSOS:
		if c.info.Width == 0 {
			return ErrMalformed
		}
		if c.scans++; c.scans > MaxScans {
			return ErrMalformed
		}
		c.coded = false
	case code == mDHT, code == mDQT, code == mDRI, code == mCOM, mAPP0 <= code && code <= mAPPF:
	case code == mDHP, code == mEXP, code == mDAC, code == mJPG, code > mSOF2 && code <= mSOFF:
		return ErrUnsupported
	case code == mDNL:
		// DNL gives a height that the frame header left at 0, which ErrSize
		// refuses; after a known height it has nothing to say.
		return ErrMalformed
	default: // SOI again, RST and TEM outside a scan, reserved codes
		return c.malformed()
	}
	c.code = code
	c.state = atLengthHigh
	return nil
}

// length takes the length of a segment, which counts its own two bytes.
func (c *Checker) length(n uint32) error {
	if n < 2 {
		return c.malformed()
	}
	c.left = n - 2
	switch c.code {
	case mSOF0, mSOF1, mSOF2, mSOS:
		if c.left == 0 || c.left > longestHeader {
			return ErrMalformed
		}
		c.filled = 0
		c.state = inHeader
	default:
		c.state = inSegment
		if c.left == 0 {
			c.state = atMarker
		}
	}
	return nil
}

// collect gathers a header, which may arrive in pieces, and reads it when whole.
func (c *Checker) collect(p []byte) (int, error) {
	n := copy(c.header[c.filled:uint32(c.filled)+c.left], p)
	c.filled += uint8(n)
	c.left -= uint32(n)
	if c.left > 0 {
		return n, nil
	}
	h := c.header[:c.filled]
	if c.code == mSOS {
		c.state = inScan
		return n, c.scanHeader(h)
	}
	c.state = atMarker
	return n, c.frameHeader(h)
}

// frameHeader reads T.81 B.2.2: precision, height, width, components.
func (c *Checker) frameHeader(h []byte) error {
	if len(h) < 6 || len(h) != 6+3*int(h[5]) {
		return ErrMalformed
	}
	if h[0] != 8 || h[5] == 2 {
		return ErrUnsupported
	}
	info := Info{
		Height:      int(h[1])<<8 | int(h[2]),
		Width:       int(h[3])<<8 | int(h[4]),
		Components:  int(h[5]),
		Progressive: c.code == mSOF2,
	}
	if info.Components == 0 {
		return ErrMalformed
	}
	if info.Width < 1 || info.Height < 1 || info.Width > MaxSide || info.Height > MaxSide ||
		info.Width*info.Height > MaxPixels {
		return ErrSize
	}
	c.info = info
	return nil
}

// scanHeader reads T.81 B.2.3: the number of components, two bytes for each and
// three more.
func (c *Checker) scanHeader(h []byte) error {
	n := int(h[0])
	if n < 1 || n > c.info.Components || len(h) != 4+2*n {
		return ErrMalformed
	}
	return nil
}
