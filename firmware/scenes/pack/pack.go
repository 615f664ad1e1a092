// Package pack is the format of scene packs: README.md one folder up says what lies where.
package pack

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// FrameSize is the number of enum cam_frame_size.
type FrameSize uint32

// The renditions that scenes have.
const (
	QVGA FrameSize = 0
	VGA  FrameSize = 1
)

// Width and height in pixels.
func (s FrameSize) Width() int {
	return 320 << s
}

// Height in pixels.
func (s FrameSize) Height() int {
	return 240 << s
}

// GreyBytes is CAM_GREY_BYTES.
const GreyBytes = 64 * 48

// Pack is a scene: what the camera sees, over and over.
type Pack struct {
	LoopMS     uint32
	Renditions []FrameSize // ascending
	Frames     []Frame     // by time; the first at 0
}

// Frame is shown until the next one begins.
type Frame struct {
	AtMS  uint32
	Night bool
	Grey  []byte
	JPEGs [][]byte // one for each rendition
}

const (
	magic      = "NBSCENE1"
	version    = 1
	headerLen  = 32
	frameLen   = 16
	jpegLen    = 12
	alignment  = 16
	flagNight  = 1
	crcAt      = 28
	totalLenAt = 24
)

// Encode lays out a pack. Equal bytes are stored once.
func (p *Pack) Encode() []byte {
	var header, frames, jpegs bytes.Buffer
	blobs := newBlobs(headerLen + len(p.Frames)*(frameLen+len(p.Renditions)*jpegLen))
	for i, frame := range p.Frames {
		var flags uint32
		if frame.Night {
			flags = flagNight
		}
		put(&frames, frame.AtMS, blobs.add(frame.Grey), uint32(i*len(p.Renditions)), flags)
		for j, size := range p.Renditions {
			put(&jpegs, uint32(size), blobs.add(frame.JPEGs[j]), uint32(len(frame.JPEGs[j])))
		}
	}
	header.WriteString(magic)
	put(&header, version, uint32(len(p.Frames)), p.LoopMS, uint32(len(p.Renditions)), 0, 0)
	data := bytes.Join([][]byte{header.Bytes(), frames.Bytes(), jpegs.Bytes(), blobs.data}, nil)
	binary.LittleEndian.PutUint32(data[totalLenAt:], uint32(len(data)))
	binary.LittleEndian.PutUint32(data[crcAt:], crc32.ChecksumIEEE(data[headerLen:]))
	return data
}

func put(out *bytes.Buffer, numbers ...uint32) {
	for _, n := range numbers {
		out.Write(binary.LittleEndian.AppendUint32(nil, n))
	}
}

// blobs are the bytes behind the tables.
type blobs struct {
	start int
	data  []byte
	known map[string]uint32
}

func newBlobs(start int) *blobs {
	b := &blobs{start: start, known: map[string]uint32{}}
	b.align()
	return b
}

func (b *blobs) align() {
	for (b.start+len(b.data))%alignment != 0 {
		b.data = append(b.data, 0)
	}
}

func (b *blobs) add(data []byte) uint32 {
	if at, ok := b.known[string(data)]; ok {
		return at
	}
	at := uint32(b.start + len(b.data))
	b.known[string(data)] = at
	b.data = append(b.data, data...)
	b.align()
	return at
}
