package sensor

import (
	"image"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// Boxes averages the picture down to the small grey one, not rounded yet.
func Boxes(picture *image.RGBA) []float32 {
	boxes := make([]float32, GreyWidth*GreyHeight)
	bw, bh := picture.Rect.Dx()/GreyWidth, picture.Rect.Dy()/GreyHeight
	for y := range GreyHeight * bh {
		for x := range GreyWidth * bw {
			p := picture.Pix[y*picture.Stride+4*x:]
			boxes[y/bh*GreyWidth+x/bw] += 0.299*float32(p[0]) + 0.587*float32(p[1]) + 0.114*float32(p[2])
		}
	}
	for i := range boxes {
		boxes[i] /= float32(bw * bh)
	}
	return boxes
}

// Grain says how noisy the grey picture is: cameras skip pixels for it, so that it is noisier than averages of
// the large one would be. All are deviations in steps of 1/255.
type Grain struct {
	Pixel   float32
	Row     float32
	Flicker float32 // of the whole picture, as from a lamp on the mains
	Hot     int     // so many pixels at random places are far too bright for one picture
}

// Grey adds the noise of one moment to averaged boxes. Equal seeds give equal noise.
func Grey(boxes []float32, grain Grain, seed uint64) []byte {
	noise := paint.NewRandom(seed)
	grey := make([]byte, len(boxes))
	flicker := noise.Normal() * grain.Flicker
	var row float32
	for i, v := range boxes {
		if i%GreyWidth == 0 {
			row = noise.Normal() * grain.Row
		}
		grey[i] = clip(v + flicker + row + noise.Normal()*grain.Pixel)
	}
	for range grain.Hot {
		grey[noise.Uint64()%uint64(len(grey))] = 255
	}
	return grey
}
