package integration

import (
	"testing"

	"home.arpa/nestbox/integration/harness"
)

// All promises share one lab, through its ingress; its cameras are emulated ones, which run beside it.
func TestAsServices(t *testing.T) {
	t.Parallel()
	lab := harness.StartLab(t, harness.LabOptions{Name: "story"})
	s := setup{lab.Hub, func(t *testing.T, m harness.Model) harness.Camera {
		camera := harness.Emulated(t, m)
		t.Cleanup(func() {
			if t.Failed() {
				lab.Tell(t, camera.ID())
			}
		})
		return camera
	}}
	t.Run("together", func(t *testing.T) {
		for _, p := range promises {
			if !p.alone {
				t.Run(p.name, func(t *testing.T) {
					t.Parallel()
					p.test(t, s)
				})
			}
		}
	})
	for _, p := range promises {
		if p.alone {
			t.Run(p.name, func(t *testing.T) { p.test(t, s) })
		}
	}
}
