package harness

import (
	"slices"
	"strings"
	"testing"
)

// toldLines is how much of each is told: enough for a request and the ones before it.
const toldLines = 50

// Tell prints what each part of the lab logged with one of the words in it: the id of a camera, an event or a trace. Services of a test's
// lab log every request, with the camera's id and the trace.
func (l *Lab) Tell(t *testing.T, words ...string) {
	t.Helper()
	for _, service := range append([]string{"traefik"}, hubServices...) {
		var of []string
		for line := range strings.Lines(l.Container(t, service).Logs(t)) {
			if slices.ContainsFunc(words, func(w string) bool { return w != "" && strings.Contains(line, w) }) {
				of = append(of, strings.TrimSpace(line))
			}
		}
		t.Logf("the last that %s logged of %s:\n%s", service, strings.Join(words, ", "), lastOf(of))
	}
}

// lastOf joins the last lines.
func lastOf(lines []string) string {
	return strings.Join(lines[max(0, len(lines)-toldLines):], "\n")
}
