package discovery

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestHostIsLookedUpAgainAndTroubleIsToldOnce(t *testing.T) {
	t.Parallel()
	missing := &net.DNSError{Err: "no such host", Name: "proxy", IsNotFound: true}
	away := &net.DNSError{Err: "i/o timeout", Name: "proxy", IsTimeout: true, IsTemporary: true}
	var found []string
	var failure error
	var log bytes.Buffer
	h := &Host{Name: "proxy", Logger: slog.New(slog.NewTextHandler(&log, nil))}
	h.Lookup = func(_ context.Context, network, host string) ([]netip.Addr, error) {
		if network != "ip" || host != "proxy" {
			t.Errorf("looked up %s %s", network, host)
		}
		var out []netip.Addr
		for _, a := range found {
			out = append(out, netip.MustParseAddr(a))
		}
		return out, failure
	}
	for _, step := range []struct {
		name    string
		found   []string
		failure error
		want    []string
		says    string
	}{
		{"not there yet", nil, missing, nil, "does not resolve"},
		{"still not", nil, missing, nil, ""},
		{"nor the name server", nil, away, nil, ""},
		{"there", []string{"fd00::7", "::ffff:192.0.2.7", "192.0.2.7"}, nil, []string{"192.0.2.7", "fd00::7"}, ""},
		{"name server away", nil, away, []string{"192.0.2.7", "fd00::7"}, "last addresses stay"},
		{"longer", nil, errors.New("network is unreachable"), []string{"192.0.2.7", "fd00::7"}, ""},
		{"moved", []string{"192.0.2.8"}, nil, []string{"192.0.2.8"}, ""},
		{"gone", nil, missing, nil, "does not resolve"},
		{"of no use to others", []string{"127.0.1.1", "::1", "fe80::1", "0.0.0.0", "224.0.0.251"}, nil, nil, "cameras can reach"},
		{"some use", []string{"127.0.1.1", "169.254.1.1"}, nil, []string{"169.254.1.1"}, ""},
		{"gone again", nil, missing, nil, "does not resolve"},
	} {
		found, failure = step.found, step.failure
		log.Reset()
		var got []string
		for _, a := range h.Addresses(t.Context()) {
			got = append(got, a.String())
		}
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
		if said := log.String(); !strings.Contains(said, step.says) || (step.says == "") != (said == "") {
			t.Errorf("%s: said %q, want %q", step.name, said, step.says)
		}
	}
}

func TestHostMayBeAnAddressAndAStopIsNoNews(t *testing.T) {
	t.Parallel()
	h := &Host{Name: "192.0.2.7", Logger: slog.New(slog.DiscardHandler)}
	want := []netip.Addr{netip.MustParseAddr("192.0.2.7")}
	if got := h.Addresses(t.Context()); !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	h.Lookup = func(ctx context.Context, _, _ string) ([]netip.Addr, error) { return nil, ctx.Err() }
	if got := h.Addresses(ended); !slices.Equal(got, want) {
		t.Errorf("while it stops: %v", got)
	}
}
