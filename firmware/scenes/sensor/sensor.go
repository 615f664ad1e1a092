// Package sensor makes of light what a cheap camera makes of it: a lens that darkens the corners, noise, eight
// bits, JPEG.
package sensor

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"

	"home.arpa/nestbox/firmware/scenes/paint"
)

// Size of the small grey picture, include/cam/port.h.
const (
	GreyWidth  = 64
	GreyHeight = 48
)

// Gain says how the sensor is set.
type Gain struct {
	Exposure float32
	Noise    float32 // deviation of one pixel's noise in VGA, in steps of 1/255
	IsGray   bool    // the infrared filter is out: no colours
}

// Expose makes the picture. Equal seeds give equal noise.
func Expose(c *paint.Canvas, gain Gain, seed uint64) *image.RGBA {
	picture := image.NewRGBA(image.Rect(0, 0, c.W, c.H))
	noise := paint.NewRandom(seed)
	halfW, halfH := float32(c.W)/2, float32(c.H)/2
	var drift float32 // noise of neighbours is alike: the camera smooths it
	for y := range c.H {
		band := noise.Normal() * gain.Noise * 0.12
		dy := (float32(y) - halfH) / halfH
		for x := range c.W {
			dx := (float32(x) - halfW) / halfH
			p := c.Pix[y*c.W+x].Scale(gain.Exposure * vignette(dx*dx+dy*dy))
			drift = drift*0.55 + noise.Normal()*gain.Noise*0.8
			at := picture.Pix[(y*c.W+x)*4:]
			if gain.IsGray {
				v := clip(tone(0.33*p.R+0.4*p.G+0.27*p.B) + drift + band)
				at[0], at[1], at[2], at[3] = v, v, v, 255
				continue
			}
			tint := noise.Normal() * gain.Noise * 0.3
			at[0] = clip(tone(p.R) + drift + band + tint)
			at[1] = clip(tone(p.G) + drift + band)
			at[2] = clip(tone(p.B) + drift + band - tint)
			at[3] = 255
		}
	}
	return picture
}

func vignette(r2 float32) float32 {
	f := 1 / (1 + 0.16*r2)
	return f * f
}

func clip(v float32) uint8 { return uint8(paint.Clamp(v+0.5, 0, 255)) }

const toneSteps = 4096

// curve is what brightness becomes: sRGB, with a soft shoulder where light would be cut off.
var curve = func() (table [toneSteps + 1]float32) {
	for i := range table {
		v := float64(i) / toneSteps * 4
		if v > 0.6 {
			v = 0.6 + 0.4*(1-math.Exp(-(v-0.6)/0.4))
		}
		if v <= 0.0031308 {
			v *= 12.92
		} else {
			v = 1.055*math.Pow(v, 1/2.4) - 0.055
		}
		table[i] = float32(v * 255)
	}
	return table
}()

func tone(v float32) float32 {
	f := paint.Clamp(v/4*toneSteps, 0, toneSteps-1)
	i := int(f)
	return curve[i] + (curve[i+1]-curve[i])*(f-float32(i))
}

// Halve averages two by two pixels.
func Halve(src *image.RGBA) *image.RGBA {
	w, h := src.Rect.Dx()/2, src.Rect.Dy()/2
	half := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			for channel := range 4 {
				i := 2*y*src.Stride + 8*x + channel
				sum := int(src.Pix[i]) + int(src.Pix[i+4]) + int(src.Pix[i+src.Stride]) + int(src.Pix[i+src.Stride+4])
				half.Pix[y*half.Stride+4*x+channel] = uint8((sum + 2) / 4)
			}
		}
	}
	return half
}

// JPEG is baseline, 4:2:0.
func JPEG(picture *image.RGBA, quality int) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture, &jpeg.Options{Quality: quality}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
