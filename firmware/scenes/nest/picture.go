package nest

import "home.arpa/nestbox/firmware/scenes/paint"

// State is all that can differ from picture to picture.
type State struct {
	Light  Light
	Birds  []Bird
	Chicks [Chicks]Chick
}

// Draw paints one moment onto a canvas of the set's size.
func (s *Set) Draw(c *paint.Canvas, state State) {
	var blocked float32
	for _, bird := range state.Birds {
		blocked = max(blocked, paint.Smooth(0, 0.6, bird.Peek))
	}
	s.lightUp(c, state.Light, blocked)
	light := state.Light
	light.Day *= 1 - 0.4*blocked
	brush := &paint.Brush{Canvas: c}
	for i, chick := range state.Chicks {
		s.drawChick(brush, light, i, chick)
	}
	for _, bird := range state.Birds {
		s.drawBird(brush, light, bird)
	}
}
