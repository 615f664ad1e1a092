package lab

import (
	"regexp"
	"testing"

	"home.arpa/nestbox/integration/harness"
)

var admittedLine = regexp.MustCompile(`(?m)info +admitted by (\S+)$`)

// isFound wants a camera that was told no address to have found the ingress by multicast DNS.
func isFound(t *testing.T, lab *harness.Lab) {
	c := lab.Containers(t, "camera")[0]
	var ingress struct {
		NetworkSettings struct {
			Networks map[string]struct{ IPAddress string }
		}
	}
	lab.Container(t, "traefik").Inspect(t, &ingress)
	var m []string
	harness.Until(t, "the camera says who let it in", soon, func() bool {
		m = admittedLine.FindStringSubmatch(c.Logs(t))
		return m != nil
	})
	for _, network := range ingress.NetworkSettings.Networks {
		if network.IPAddress == m[1] {
			return
		}
	}
	t.Errorf("the camera was let in by %s, and the ingress is %v", m[1], ingress.NetworkSettings.Networks)
}
