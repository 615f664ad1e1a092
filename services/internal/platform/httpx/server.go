package httpx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	readHeaderTimeout = 5 * time.Second
	// idleTimeout is twice the default heartbeat interval: a camera that beats
	// each minute keeps its connection.
	idleTimeout    = 120 * time.Second
	maxHeaderBytes = 16 << 10

	defaultShutdownTimeout = 15 * time.Second
)

// Server serves a handler and its ops handler and stops them in order. Handler
// and Listen are required, the rest may be zero. Its fields are not changed after
// Run was called; Run is called once.
type Server struct {
	Handler http.Handler
	// Listen is host:port; port 0 takes any, OnListen tells which.
	Listen string
	// Ops and OpsListen serve probes and metrics; nothing is served when either is
	// missing.
	Ops       http.Handler
	OpsListen string
	// Health is told first when the server stops.
	Health *Health
	Logger *slog.Logger
	// DrainDelay is the pause between "not ready" and the end of accepting, for the
	// load balancer to notice. 0 for a process that has none.
	DrainDelay time.Duration
	// ShutdownTimeout bounds the wait for requests, and again the wait for
	// background work. 0 is 15 s.
	ShutdownTimeout time.Duration
	// ReadHeaderTimeout is how long a caller may take to send the header. 0 is 5 s.
	ReadHeaderTimeout time.Duration
	// OnListen and OnOpsListen are called with the address once connections are
	// accepted there.
	OnListen    func(addr net.Addr)
	OnOpsListen func(addr net.Addr)
}

// Run serves until ctx ends or something fails, then stops: readiness off, pause,
// long polls and streams ended, requests drained, background work cancelled and
// waited for, ops port closed last so that the stop itself can be observed. It
// returns nil when all of that went well.
//
// The context of background functions ends only after the last request was
// answered, so requests may rely on the work. A background function that returns
// an error stops the server; one that returns nil is simply done.
func (s *Server) Run(ctx context.Context, background ...func(context.Context) error) error {
	r := &run{Server: s, log: s.Logger, draining: make(chan struct{}), failed: make(chan error, len(background)+2)}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	if err := r.listen(ctx); err != nil {
		return err
	}
	// Requests and work outlive ctx; it only says when to begin to stop.
	base := context.WithoutCancel(ctx)
	work, cancelWork := context.WithCancel(base)
	defer cancelWork()
	for _, f := range background {
		r.working.Go(func() {
			if err := f(work); err != nil && (work.Err() == nil || !errors.Is(err, context.Canceled)) {
				r.failed <- fmt.Errorf("background work: %w", err)
			}
		})
	}
	r.serve(base)

	var cause error
	select {
	case <-ctx.Done():
	case cause = <-r.failed:
	}
	return errors.Join(cause, r.stop(base, cause == nil, cancelWork))
}

// run is the state of one call of Run.
type run struct {
	*Server
	log      *slog.Logger
	listener net.Listener
	opsLn    net.Listener // nil when there is no ops port
	main     *http.Server
	ops      *http.Server
	draining chan struct{}
	failed   chan error // room for every goroutine that can fail
	serving  sync.WaitGroup
	working  sync.WaitGroup
}

func (r *run) listen(ctx context.Context) (err error) {
	var lc net.ListenConfig
	if r.listener, err = lc.Listen(ctx, "tcp", r.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w", r.Listen, err)
	}
	if r.Ops == nil || r.OpsListen == "" {
		return nil
	}
	if r.opsLn, err = lc.Listen(ctx, "tcp", r.OpsListen); err != nil {
		_ = r.listener.Close()
		return fmt.Errorf("listen on %s for probes and metrics: %w", r.OpsListen, err)
	}
	return nil
}

func (r *run) serve(ctx context.Context) {
	base := WithDraining(ctx, r.draining)
	r.main = &http.Server{
		Handler:           r.Handler,
		ReadHeaderTimeout: cmp.Or(r.ReadHeaderTimeout, readHeaderTimeout),
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		BaseContext:       func(net.Listener) context.Context { return base },
		// Bodies and answers have their limits per request, in the engine.
		ErrorLog:                     slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
		DisableGeneralOptionsHandler: true,
	}
	r.start(r.main, r.listener, r.OnListen)
	if r.opsLn == nil {
		return
	}
	r.ops = &http.Server{
		Handler:           r.Ops,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readHeaderTimeout,
		WriteTimeout:      2 * readHeaderTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(r.log.Handler(), slog.LevelWarn),
	}
	r.start(r.ops, r.opsLn, r.OnOpsListen)
}

func (r *run) start(srv *http.Server, ln net.Listener, onListen func(net.Addr)) {
	r.serving.Go(func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			r.failed <- fmt.Errorf("serve on %s: %w", ln.Addr(), err)
		}
	})
	if onListen != nil {
		onListen(ln.Addr())
	}
}
