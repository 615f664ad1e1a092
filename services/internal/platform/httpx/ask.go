package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	askTimeout = 2 * time.Second
	// maxReport is far above the report of any service.
	maxReport = 64 << 10
)

// AskReady asks /readyz at the address of an OpsHandler; one to listen on, such as
// ":9090", means this machine. It returns nil when the service is ready or degraded,
// else why not, in one line, and within 2 s.
func AskReady(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://ops/readyz", nil)
	if err != nil {
		return err
	}
	// Dialled as it is, without a proxy: what can be listened on is not always a host of a URL.
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("no report from %s: %w", address, errors.Unwrap(err)) // without the URL, which nobody typed
	}
	defer res.Body.Close()
	var report Report
	if err := json.NewDecoder(io.LimitReader(res.Body, maxReport)).Decode(&report); err != nil || report.Status == "" {
		return fmt.Errorf("no report from %s: it answers %s", address, res.Status)
	}
	if res.StatusCode != http.StatusOK {
		return errors.New(report.reason())
	}
	return nil
}

// reason is the status and the critical dependencies that are down.
func (r Report) reason() string {
	words := []string{r.Status}
	for _, name := range slices.Sorted(maps.Keys(r.Checks)) {
		if c := r.Checks[name]; c.Critical && c.Status == statusDown {
			words = append(words, fmt.Sprintf("%s is down: %q", name, c.Detail)) // quoted, so that it is one line
		}
	}
	return strings.Join(words, "; ")
}
