package scene

import "home.arpa/nestbox/firmware/scenes/nest"

// All scripts; the first is the default of the cameras.
func All() []Script {
	return []Script{nestbox(), empty(), night(), lamp(), noise(), busy()}
}

var day = nest.Light{Day: 1}

// sleeper is the bird that warms the chicks at night.
var sleeper = nest.Bird{X: 0.1, Y: 7.4, Z: 7.9, Heading: -2.3, Turn: 2.5, Asleep: true}

func nestbox() Script {
	const (
		lampOn, lampOff  = 34.0, 41.0
		dusk, dark       = 62.0, 66.0
		dawn, light      = 80.0, 83.0
		homeward, loopTo = 52.0, 90.0
	)
	visits := visits{{at: 3, path: farRim, fed: [2]int{2, 3}}, {at: 20, path: leftRim, fed: [2]int{4, 1}},
		{at: homeward, path: comeHome, fed: [2]int{5, 5}}, {at: light + 1.6, path: goOut, fed: [2]int{0, 0}}}
	return Script{
		Name: "nestbox", About: "two visits, a lamp, a bird that comes home for the night", Loop: loopTo,
		State: func(t float64) nest.State {
			state := visits.state(t)
			if t > homeward+comeHome.length() && t < light+1.6 {
				state.Birds = []nest.Bird{sleeper}
			}
			state.Light = nest.Light{Day: 1}
			switch {
			case t >= lampOn && t < lampOff:
				state.Light.Lamp = 0.85
			case t >= dusk && t < dark:
				state.Light.Day = 1 - 0.9*ramp(dusk, dark, t)
			case t >= dark && t < dawn:
				state.Light = nest.Light{Infrared: 1}
			case t >= dawn && t < light:
				state.Light.Day = 0.1 + 0.9*ramp(dawn, light, t)
			}
			return state
		},
		Setup: func(t float64) Setup {
			if t >= dark && t < dawn {
				return nightSetup
			}
			return daySetup
		},
	}
}

func empty() Script {
	return Script{
		Name: "empty", About: "chicks asleep by day; nothing moves", Loop: 60, Setup: always(daySetup),
		State: func(float64) nest.State { return nest.State{Light: day} },
	}
}

func night() Script {
	return Script{
		Name: "night", About: "a bird asleep in infrared light; nothing moves", Loop: 60, Setup: always(nightSetup),
		State: func(float64) nest.State {
			return nest.State{Light: nest.Light{Infrared: 1}, Birds: []nest.Bird{sleeper}}
		},
	}
}

func lamp() Script {
	return Script{
		Name: "lamp", About: "a lamp is switched on and off; nothing moves", Loop: 60, Setup: always(daySetup),
		State: func(t float64) nest.State {
			light := nest.Light{Day: 0.7}
			switch {
			case t >= 10 && t < 25:
				light.Lamp = 1
			case t >= 35 && t < 45:
				light.Lamp = 0.35
			}
			return nest.State{Light: light}
		},
	}
}

func noise() Script {
	return Script{
		Name: "noise", About: "so little light that the sensor sees more noise than nest; nothing moves", Loop: 60,
		Setup: always(dimSetup),
		State: func(float64) nest.State { return nest.State{Light: nest.Light{Day: 0.16}} },
	}
}

func busy() Script {
	feeding := visits{{at: 2, path: farRim, fed: [2]int{1, 2}}, {at: 13, path: leftRim, fed: [2]int{3, 0}},
		{at: 24, path: rightRim, fed: [2]int{4, 5}}, {at: 35, path: farRim, fed: [2]int{0, 1}},
		{at: 46, path: leftRim, fed: [2]int{2, 5}}}
	return Script{
		Name: "busy", About: "one visit after the other", Loop: 60, Setup: always(daySetup),
		State: func(t float64) nest.State {
			state := feeding.state(t)
			state.Light = day
			return state
		},
	}
}
