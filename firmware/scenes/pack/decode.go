package pack

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Decode reads a pack from the front of data; what follows it is ignored. The result refers to data.
func Decode(data []byte) (*Pack, error) {
	if len(data) < 32 || string(data[:8]) != "NBSCENE1" {
		return nil, errors.New("not a scene pack")
	}
	var header struct{ version, frames, loopMS, renditions, total, sum uint32 }
	for i, field := range []*uint32{
		&header.version, &header.frames, &header.loopMS, &header.renditions, &header.total, &header.sum,
	} {
		*field = number(data, 8+4*i)
	}
	tables := 32 + uint64(header.frames)*(16+12*uint64(header.renditions))
	switch {
	case header.version != 1:
		return nil, fmt.Errorf("version %d is not known", header.version)
	case header.frames == 0 || header.renditions == 0 || header.renditions > 5:
		return nil, fmt.Errorf("%d frames of %d renditions", header.frames, header.renditions)
	case uint64(header.total) > uint64(len(data)) || tables > uint64(header.total):
		return nil, fmt.Errorf("cut short: %d of %d bytes", len(data), max(uint64(header.total), tables))
	}
	data = data[:header.total]
	if sum := crc32.ChecksumIEEE(data[32:]); sum != header.sum {
		return nil, fmt.Errorf("checksum %08x, not %08x", sum, header.sum)
	}
	p := &Pack{LoopMS: header.loopMS, Frames: make([]Frame, header.frames)}
	r := reader{data, int(tables), int(header.frames), int(header.renditions)}
	for i := range p.Frames {
		if err := r.frame(p, i); err != nil {
			return nil, fmt.Errorf("frame %d: %w", i, err)
		}
	}
	return p, nil
}

func number(data []byte, at int) uint32 { return binary.LittleEndian.Uint32(data[at:]) }

type reader struct {
	data                       []byte
	tables, frames, renditions int
}

func (r reader) frame(p *Pack, i int) error {
	at := 32 + 16*i
	f := &p.Frames[i]
	f.AtMS, f.Night = number(r.data, at), number(r.data, at+12)&1 != 0
	if f.AtMS >= p.LoopMS || i == 0 && f.AtMS != 0 || i > 0 && f.AtMS <= p.Frames[i-1].AtMS {
		return fmt.Errorf("out of order at %d ms", f.AtMS)
	}
	var err error
	if f.Grey, err = r.blob(number(r.data, at+4), GreyBytes); err != nil {
		return err
	}
	first := uint64(number(r.data, at+8))
	if first+uint64(r.renditions) > uint64(r.frames*r.renditions) {
		return fmt.Errorf("no picture %d", first)
	}
	sizes := make([]FrameSize, r.renditions)
	for j := range r.renditions {
		entry := 32 + 16*r.frames + 12*(int(first)+j)
		sizes[j] = FrameSize(number(r.data, entry))
		if sizes[j] > 4 {
			return fmt.Errorf("no frame size %d", sizes[j])
		}
		jpeg, err := r.blob(number(r.data, entry+4), number(r.data, entry+8))
		if err != nil {
			return err
		}
		n := len(jpeg)
		if n < 4 || jpeg[0] != 0xFF || jpeg[1] != 0xD8 || jpeg[n-2] != 0xFF || jpeg[n-1] != 0xD9 {
			return fmt.Errorf("picture %d is no whole JPEG", int(first)+j)
		}
		f.JPEGs = append(f.JPEGs, jpeg)
	}
	p.Renditions = sizes
	return nil
}

func (r reader) blob(offset, length uint32) ([]byte, error) {
	if offset%16 != 0 || uint64(offset) < uint64(r.tables) || uint64(offset)+uint64(length) > uint64(len(r.data)) {
		return nil, fmt.Errorf("bytes %d+%d lie outside", offset, length)
	}
	return r.data[offset : offset+length : offset+length], nil
}
