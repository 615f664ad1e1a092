package lab

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"home.arpa/nestbox/integration/harness"
)

// span is one of a trace's, as the collector's API has it.
type span struct{ Service, Operation string }

// spansOf asks the collector for a trace; nothing while it knows none of that number.
func spansOf(t *testing.T, collector, trace string) (spans []span) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, collector+"/api/traces/"+trace, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil // it is being started
	}
	defer res.Body.Close()
	var found struct {
		Data []struct {
			Spans []struct {
				OperationName string
				ProcessID     string
			}
			Processes map[string]struct{ ServiceName string }
		}
	}
	if res.StatusCode != http.StatusOK || json.NewDecoder(res.Body).Decode(&found) != nil {
		return nil
	}
	for _, tr := range found.Data {
		for _, s := range tr.Spans {
			spans = append(spans, span{tr.Processes[s.ProcessID].ServiceName, s.OperationName})
		}
	}
	return spans
}

// traceOf is the number of the trace that a camera begins with an event: its boot id, 01000000, the event's number.
func traceOf(t *testing.T, eventID string) string {
	t.Helper()
	boot, number, _ := strings.Cut(eventID, "-")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		t.Fatalf("event id %s: %v", eventID, err)
	}
	return fmt.Sprintf("%s01000000%08x", boot, n)
}

// leavesOneTrace wants a camera's motion and its picture in one trace, through the ingress and both services.
func leavesOneTrace(t *testing.T, lab *harness.Lab) {
	var eventID string
	harness.Until(t, "a picture of an event is stored", soon, func() bool {
		pictures := lab.As(t).Pictures("")
		i := slices.IndexFunc(pictures, func(p harness.Picture) bool { return p.EventID != nil })
		if i >= 0 {
			eventID = *pictures[i].EventID
		}
		return i >= 0
	})
	var spans []span
	has := func(service, operation string) bool {
		return slices.ContainsFunc(spans, func(s span) bool { return s.Service == service && strings.Contains(s.Operation, operation) })
	}
	collector := "http://127.0.0.1:" + lab.Port("NESTBOX_TRACES_PORT")
	harness.Until(t, "the collector has the whole trace", soon, func() bool {
		spans = spansOf(t, collector, traceOf(t, eventID))
		return has("traefik", "") && has("telemetry", "/api/events/motion") && has("media", "/api/images/upload")
	})
	t.Logf("the trace of event %s has %d spans", eventID, len(spans))
}
