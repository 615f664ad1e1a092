package harness

import "testing"

// Camera is a device that runs the firmware. New ones have no power, and remember nothing.
type Camera interface {
	// ID is its MAC address, as the hub spells it.
	ID() string
	// Start gives it power.
	Start(t *testing.T)
	// Cut takes its power away, at whatever instruction that meets.
	Cut()
	// TurnSwitch turns its own privacy switch to the other side.
	TurnSwitch(t *testing.T)
	// Runs tells a camera with power from one that was cut, or crashed.
	Runs() bool
	// Said is its log, of all its lives.
	Said() *Transcript
}

// Model says what a new camera is.
type Model struct {
	Hub   string // its URL
	Key   string // enrolment key; empty: none
	Scene string // a scene's name
	// MotionEvery makes a motion sensor of the camera's report so often, in seconds; 0: only what is seen counts.
	MotionEvery int
}

// Maker makes cameras of one kind.
type Maker func(t *testing.T, m Model) Camera
