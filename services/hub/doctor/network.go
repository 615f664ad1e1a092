package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/hub/discovery"
)

// Port checks that the running hub answers on its address, or that a stopped one could take it.
func Port(p datadir.Path, name, listen, path string) Check {
	return Check{name, func(ctx context.Context) Finding {
		if listen == "" {
			return good("switched off")
		}
		if _, running, _ := p.Holder(); !running {
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
			if errors.Is(err, syscall.EADDRINUSE) {
				return bad("stop the other program, or choose another address", "%s is taken by another program", listen)
			}
			if err != nil {
				return bad("choose another address", "%v", err)
			}
			l.Close()
			return good("%s is free for the hub", listen)
		}
		ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
		defer cancel()
		url := "http://" + reachable(listen) + path
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return bad("choose another address", "%v", err)
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return bad("is the hub started with the same settings as this command? Else look into its log",
				"the hub runs but does not answer on %s: %v", listen, err)
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return bad("look into its log", "%s answers %s", url, res.Status)
		}
		return good("%s answers", url)
	}}
}

// reachable makes of an address to listen on one to call.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// MDNS checks that a camera that asks for the story's name finds a hub.
func MDNS(p datadir.Path, on bool) Check {
	const name = "esp32cam.local"
	return Check{"mdns", func(ctx context.Context) Finding {
		if !on {
			return good("switched off; cameras need the hub's address")
		}
		if _, running, _ := p.Holder(); !running {
			return good("answers when the hub runs")
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		found, err := discovery.Lookup(ctx, name, nil)
		if err != nil {
			return bad("let UDP port 5353 through the firewall; on a network without multicast, give cameras the hub's address", "%v", err)
		}
		if foreign := slices.DeleteFunc(found, isOurs); len(foreign) > 0 {
			return bad("switch one of the two hubs' --mdns off", "%s also leads to %v, which is not this machine", name, foreign)
		}
		return good("%s leads to this machine", name)
	}}
}

// earliest is before this program could have been built.
var earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// Clock checks that this machine knows the date: cameras take theirs from it. newest is the latest time that the hub stored.
func Clock(now time.Time, newest func(context.Context) (time.Time, error)) Check {
	return Check{"clock", func(ctx context.Context) Finding {
		const advice = "connect to a network with NTP, or set the clock (timedatectl); a Pi has no clock of its own"
		if now.Before(earliest) {
			return bad(advice, "it shows %s", now.Format(time.DateTime))
		}
		last, err := newest(ctx)
		if err != nil {
			return bad("see the line about the databases", "%v", err)
		}
		if last.After(now.Add(10 * time.Minute)) {
			return bad(advice, "it shows %s, but something was stored at %s", now.Format(time.DateTime), last.In(now.Location()).Format(time.DateTime))
		}
		return good("%s", strings.TrimSpace(fmt.Sprint(now.Format("2006-01-02 15:04:05 MST"), synchronised())))
	}}
}
