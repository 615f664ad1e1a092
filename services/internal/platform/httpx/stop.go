package httpx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// stop takes the server down in order. pause is false after a failure, when
// there is nothing left to be polite about.
func (r *run) stop(ctx context.Context, pause bool, cancelWork context.CancelFunc) error {
	timeout := cmp.Or(r.ShutdownTimeout, defaultShutdownTimeout)
	if r.Health != nil {
		r.Health.Drain()
	}
	if pause && r.DrainDelay > 0 {
		timer := time.NewTimer(r.DrainDelay)
		select {
		case <-timer.C:
		case err := <-r.failed: // no reason to wait for
			timer.Stop()
			r.log.Warn("failure while draining", "error", err)
		}
	}
	close(r.draining)
	errs := []error{shutdown(ctx, r.main, timeout)}
	cancelWork()
	errs = append(errs, r.awaitWork(timeout))
	if r.ops != nil {
		errs = append(errs, shutdown(ctx, r.ops, time.Second))
	}
	r.serving.Wait()
	return errors.Join(errs...)
}

// shutdown waits for the requests in progress and cuts those that take longer.
func shutdown(ctx context.Context, srv *http.Server, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		_ = srv.Close()
		return fmt.Errorf("requests were cut after %v: %w", timeout, err)
	}
	return nil
}

// awaitWork waits for the background functions. One that ignores its context is
// left behind: the process is about to end.
func (r *run) awaitWork(timeout time.Duration) error {
	done := make(chan struct{})
	go func() {
		r.working.Wait()
		close(done)
	}()
	timer := time.NewTimer(timeout)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return fmt.Errorf("background work did not end within %v", timeout)
	}
}
