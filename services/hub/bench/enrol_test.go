package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"home.arpa/nestbox/services/internal/platform/obs"
)

// enrol registers the fleet with a hub that admits everybody.
func enrol(tb testing.TB, addr string) []camera {
	tb.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	fleet := make([]camera, fleet)
	for i := range fleet {
		id := deviceID(i)
		body := fmt.Sprintf(`{"device_id":"%s","device_type":"esp32cam","firmware_version":"1.0.0","ip_address":"192.168.1.50",`+
			`"capabilities":["camera","motion_detection"]}`, id)
		resp, err := client.Post("http://"+addr+"/api/devices/register", "application/json", strings.NewReader(body))
		if err != nil {
			tb.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		var answer struct{ Token string }
		if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(text, &answer) != nil {
			tb.Fatalf("register %s: %s %s %v", id, resp.Status, text, err)
		}
		fleet[i] = camera{id, answer.Token}
	}
	return fleet
}

// observed sets logs and metrics up as the programs do, once; nobody reads them.
func observed(tb testing.TB) *obs.Obs {
	tb.Helper()
	o, err := setUpOnce()
	if err != nil {
		tb.Fatal(err)
	}
	return o
}

var setUpOnce = sync.OnceValues(func() (*obs.Obs, error) {
	return obs.Setup(context.Background(), obs.Options{
		Service: "bench", Version: "bench", Stderr: io.Discard, Getenv: func(string) string { return "" },
	})
})
