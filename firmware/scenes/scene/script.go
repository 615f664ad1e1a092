// Package scene tells the stories: who is in the box when, and under which light. It makes packs of them.
package scene

import (
	"home.arpa/nestbox/firmware/scenes/nest"
	"home.arpa/nestbox/firmware/scenes/sensor"
)

// Script is one scene. Moments are seconds since its start.
type Script struct {
	Name  string
	About string
	Loop  float64
	State func(t float64) nest.State
	// Setup is how the camera adapts to the light.
	Setup func(t float64) Setup
}

// Setup of the camera at one moment.
type Setup struct {
	Gain  sensor.Gain
	Grain sensor.Grain
}

var (
	daySetup = Setup{
		sensor.Gain{Exposure: 1.15, Noise: 1.0},
		sensor.Grain{Pixel: 1.8, Row: 0.4, Flicker: 0.5},
	}
	nightSetup = Setup{
		sensor.Gain{Exposure: 1.0, Noise: 3.6, IsGray: true},
		sensor.Grain{Pixel: 4, Row: 0.9, Flicker: 0.6, Hot: 2},
	}
	dimSetup = Setup{
		sensor.Gain{Exposure: 1.5, Noise: 6},
		sensor.Grain{Pixel: 6, Row: 1.5, Flicker: 1.2, Hot: 6},
	}
)

func always(setup Setup) func(float64) Setup {
	return func(float64) Setup { return setup }
}

// ramp goes smoothly from 0 at a to 1 at b.
func ramp(a, b, t float64) float32 {
	f := max(0, min(1, (t-a)/(b-a)))
	return float32(f * f * (3 - 2*f))
}
