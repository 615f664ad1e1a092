package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/hub"
	"home.arpa/nestbox/services/hub/discovery"
	"home.arpa/nestbox/services/internal/platform/config"
)

// advertised are the settings of a hub that is advertised from outside of it.
type advertised struct {
	Address string `env:"ADVERTISE_ADDRESS"`
	Port    uint16 `env:"ADVERTISE_PORT"`
	ID      string `env:"ADVERTISE_ID"`
	Logging
}

func (p *program) advertise() *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use:   "advertise",
		Short: "Let cameras find a hub that runs elsewhere or behind a proxy",
		Long: `Let cameras find a hub by multicast DNS (_nestbox._tcp and esp32cam.local) that runs elsewhere: as
separate services behind a proxy, in containers, in a cluster. It starts no hub and keeps nothing on
disk. "nestbox serve" does this by itself.

Run it in the cameras' own network, since multicast does not reach others: a container needs the
network of the host (docker run --network host, or hostNetwork: true). A name is looked up every few
seconds. While it does not exist, nothing is answered.

Each hub on a network needs an id of its own. It is the same at each start: made from --address and
--port, or without --address from /etc/machine-id or, where there is none, the host's name. Several
of these for the same address and port say the same and do not disturb each other.

It runs until it is interrupted; then it tells the network that the hub is gone.`,
		Example: `  nestbox advertise --address 192.168.1.10
  nestbox advertise --address traefik --port 5000
  nestbox advertise --address traefik --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s := advertised{Port: 5000, Logging: defaultLogging()}
			if err := config.LoadFunc(withFlags(cmd.Flags(), p.getenv), prefix, &s); err != nil {
				return usageError{fmt.Errorf("the settings cannot be used:\n%w", err)}
			}
			if s.ID == "" {
				var err error
				if s.ID, err = s.stableID(os.ReadFile, os.Hostname); err != nil {
					return err
				}
			}
			if check {
				return s.check(cmd.Context())
			}
			return p.advertiseWith(cmd.Context(), s)
		},
	}
	addFlags(cmd.Flags(), ofAdvertise)
	cmd.Flags().BoolVar(&check, "check", false, "ask as a camera does whether the one that runs with the same settings answers; exit code 0 or 1")
	return cmd
}

func (p *program) advertiseWith(ctx context.Context, s advertised) (err error) {
	o, stop, err := p.observe(ctx, s.Logging)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	r := &discovery.Responder{Service: s.service(), Logger: o.Logger}
	if s.Address != "" {
		r.Addresses = (&discovery.Host{Name: s.Address, Logger: o.Logger}).Addresses
	}
	if found, err := discovery.Interfaces(); err == nil && len(found) == 0 {
		o.Logger.WarnContext(ctx, "mdns: no network interface can multicast; waiting for one")
	}
	if err := r.Run(ctx); err != nil {
		return fmt.Errorf("answer multicast DNS: %w; stop the program that holds UDP port 5353 for itself, or give cameras the hub's address", err)
	}
	return nil
}

func (s *advertised) service() discovery.Service {
	return hub.Advertised(s.ID, s.Port, programVersion())
}

// check asks for the name that only this hub has, which the one that runs answers when, and only when, it advertises.
func (s *advertised) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	found, err := discovery.Lookup(ctx, s.service().HostName(), nil)
	if err == nil && len(found) == 0 {
		return errors.New("the hub has no IPv4 address, and cameras speak no other")
	}
	return err
}

// Validate lists what is out of range.
func (s *advertised) Validate() []error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if a, err := netip.ParseAddr(s.Address); err == nil && !discovery.Reachable(a) {
		wrong("NESTBOX_ADVERTISE_ADDRESS must mean this hub to every machine of the network, unlike %s; give one that cameras reach it at", a)
	} else if err != nil && !isHostName(s.Address) {
		wrong("NESTBOX_ADVERTISE_ADDRESS must be an IP address or a host name, like 192.168.1.10 or traefik, without port")
	}
	if s.Port == 0 {
		wrong("NESTBOX_ADVERTISE_PORT must be from 1 to 65535")
	}
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-"
	if len(s.ID) > 32 || strings.Trim(s.ID, allowed) != "" {
		wrong("NESTBOX_ADVERTISE_ID must have at most 32 characters of a-z, 0-9 and -")
	}
	return append(problems, s.problems()...)
}

// stableID is the same at each start: it names the hub by where it is, or else this machine.
func (s *advertised) stableID(readFile func(string) ([]byte, error), hostname func() (string, error)) (string, error) {
	from := net.JoinHostPort(strings.ToLower(s.Address), strconv.Itoa(int(s.Port)))
	if s.Address == "" {
		machine, err := readFile("/etc/machine-id") // two fresh Pis have the same name
		if err != nil || len(strings.TrimSpace(string(machine))) == 0 {
			name, err := hostname()
			if err != nil {
				return "", fmt.Errorf("find an id for the hub: %w; set one with --id", err)
			}
			machine = []byte(name)
		}
		from = strings.TrimSpace(string(machine)) + from
	}
	sum := sha256.Sum256([]byte("nestbox advertise " + from)) // a machine's id is to be shown to nobody
	return hex.EncodeToString(sum[:3]), nil
}
