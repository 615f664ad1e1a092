package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"home.arpa/nestbox/services/hub"
	"home.arpa/nestbox/services/hub/datadir"
	"home.arpa/nestbox/services/internal/platform/obs"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/registry"
)

func (p *program) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start the hub",
		Long: `Start the hub. It runs until it is interrupted (Ctrl-C, SIGTERM); then it finishes the requests that
it has begun, and stops.

The first start makes the data folder and shows the password of the operator "admin", this once.
The log goes to standard error. OTEL_* variables switch tracing on.`,
		Example: `  nestbox serve
  nestbox serve --data /srv/nestbox --quota 50G
  NESTBOX_ENROLMENT=key NESTBOX_ENROLMENT_KEY=… nestbox serve`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := p.settings(cmd)
			if err != nil {
				return err
			}
			return p.serveWith(cmd.Context(), s)
		},
	}
	addFlags(cmd.Flags(), ofServe)
	return cmd
}

func (p *program) serveWith(ctx context.Context, s settings) (err error) {
	o, stop, err := p.observe(ctx, s.Logging)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()

	dir, err := datadir.Open(s.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	h, err := hub.Open(ctx, s.hub(dir.Path, o))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return h.Run(ctx, hub.Endpoints{
		Listen: s.Listen, OpsListen: s.OpsListen, Advertise: s.MDNS, Version: programVersion(),
		OnReady: func(ctx context.Context, api, ops net.Addr) error {
			// Only now: a first start that fails, because its port is taken, must not have made a password that nobody saw.
			password, err := h.EnsureAdmin(ctx, s.AdminPassword.Reveal())
			if err != nil {
				return fmt.Errorf("make operator: %w", err)
			}
			p.announce(dir.Path, api, ops, password)
			return nil
		},
	})
}

// hub is what the settings say about the services.
func (s settings) hub(data datadir.Path, o *obs.Obs) hub.Config {
	retention := media.DefaultPolicy()
	retention.Quota, retention.MaxAge = int64(s.Quota), time.Duration(s.MaxAgeDays)*24*time.Hour
	return hub.Config{
		Data: data, Logger: o.Logger, Metrics: o.Metrics, Tracing: o.Tracing, Retention: retention,
		Enrolment: registry.Policy{Mode: registry.Mode(s.Enrolment), Key: s.EnrolmentKey.Reveal()},
	}
}

// observe sets up log, metrics and tracing of a command that runs for long; stop sends the last of them.
func (p *program) observe(ctx context.Context, l Logging) (o *obs.Obs, stop func() error, err error) {
	getenv := func(key string) string { // with what flags and defaults say of the log
		switch key {
		case "NESTBOX_LOG_LEVEL":
			return l.Level
		case "NESTBOX_LOG_FORMAT":
			return l.Format
		}
		return p.getenv(key)
	}
	o, err = obs.Setup(ctx, obs.Options{Service: "nestbox", Version: programVersion(), Stderr: p.stderr, Getenv: getenv})
	if err != nil {
		return nil, nil, fmt.Errorf("set up log and metrics: %w", err)
	}
	slog.SetDefault(o.Logger) // for libraries that log by themselves
	return o, func() error {
		flushing, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		return o.Stop(flushing)
	}, nil
}

// openForOwner brings up a hub for the time of act: behind the owner's door, without cameras.
func (p *program) openForOwner(ctx context.Context, s settings, act func(context.Context) error) (err error) {
	dir, err := datadir.Open(s.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, dir.Close()) }()
	// The mode of enrolment is not asked for: nobody enrols here.
	s.Enrolment, s.EnrolmentKey = "approve", ""
	h, err := hub.Open(ctx, s.hub(dir.Path, &obs.Obs{Logger: slog.New(slog.DiscardHandler)}))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	door, err := h.ListenForOwner(ctx)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- h.ServeOwner(serving, door) }()
	err = act(ctx)
	stop()
	return errors.Join(err, <-ended, os.Remove(dir.RunFolder()))
}
