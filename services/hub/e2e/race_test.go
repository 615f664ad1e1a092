//go:build race

package e2e

// raceEnabled: the child is built with the race detector too; what it needs in time and memory then says nothing.
const raceEnabled = true
