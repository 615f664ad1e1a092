package httpx_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

func failing(t *testing.T, err error) (http.Handler, *logged) {
	t.Helper()
	e, log := setup(t, httpx.Options{})
	e.GET("/x", func(c *gin.Context) {
		c.Header("ETag", `"1"`)
		c.Header("Cache-Control", "immutable")
		httpx.Fail(c, err)
	})
	return e, log
}

func TestEachKindHasItsStatus(t *testing.T) {
	t.Parallel()
	for kind, want := range map[fault.Kind]struct {
		status     int
		retryAfter string
	}{
		fault.Invalid: {400, ""}, fault.Unauthenticated: {401, ""}, fault.Forbidden: {403, ""}, fault.NotFound: {404, ""},
		fault.TimedOut: {408, ""}, fault.Conflict: {409, ""}, fault.TooLarge: {413, ""}, fault.Unsupported: {415, ""},
		fault.Unprocessable: {422, ""}, fault.RateLimited: {429, "2"}, fault.Internal: {500, ""},
		fault.Unavailable: {503, "2"}, fault.Kind(99): {500, ""},
	} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			h, _ := failing(t, fmt.Errorf("read thing: %w", fault.New(kind, "This is said to the caller.")))
			rec := serve(t, h, http.MethodGet, "/x", "")
			if got := rec.Header().Get("Retry-After"); got != want.retryAfter {
				t.Errorf("Retry-After = %q", got)
			}
			if rec.Header().Get("Etag") != "" || rec.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("headers of the answer that failed: %v", rec.Header())
			}
			if want.status == http.StatusUnauthorized && rec.Header().Get("WWW-Authenticate") != "Bearer" {
				t.Error("no WWW-Authenticate")
			}
			p := problem(t, rec, want.status)
			if said := p.Detail == "This is said to the caller."; said != (kind != fault.Internal) {
				t.Errorf("detail = %q", p.Detail)
			}
		})
	}
}

func TestRetryAfterIsRoundedUpToWholeSeconds(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		time.Millisecond: "1", time.Second: "1", 1001 * time.Millisecond: "2", time.Minute: "60",
	} {
		h, _ := failing(t, fault.New(fault.RateLimited, "Too often.").After(d))
		if got := serve(t, h, http.MethodGet, "/x", "").Header().Get("Retry-After"); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestCausesStayInTheLog(t *testing.T) {
	t.Parallel()
	cause := errors.New(`pq: relation "device" of host 10.0.0.7`)
	for name, err := range map[string]error{
		"unknown":  fmt.Errorf("insert device: %w", cause),
		"internal": fault.Wrap(cause, fault.Internal, "not shown either"),
		"wrapped":  fault.Wrap(cause, fault.Conflict, "The device is there already."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, log := failing(t, err)
			if body := serve(t, h, http.MethodGet, "/x", "").Body.String(); strings.Contains(body, "10.0.0.7") || strings.Contains(body, "not shown") {
				t.Errorf("shown: %s", body)
			}
			if !strings.Contains(log.String(), "10.0.0.7") {
				t.Errorf("not logged: %s", log)
			}
		})
	}
}

func TestTimeoutOfDependencyIsUnavailable(t *testing.T) {
	t.Parallel()
	h, _ := failing(t, fmt.Errorf("read: %w", context.DeadlineExceeded))
	rec := serve(t, h, http.MethodGet, "/x", "")
	if rec.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	problem(t, rec, http.StatusServiceUnavailable)
}

func TestCallerWhoHungUpIsNoFailureOfOurs(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	e, log := setup(t, httpx.Options{})
	e.GET("/x", func(c *gin.Context) {
		cancel()
		httpx.Fail(c, fault.Wrap(c.Request.Context().Err(), fault.Unavailable, "The database is away."))
	})
	rec := httptest.NewRecorder()
	e.ServeHTTP(rec, httptest.NewRequestWithContext(ctx, http.MethodGet, "/x", nil))
	if r := log.lines(t)[0]; rec.Code != 499 || r["level"] != "DEBUG" {
		t.Errorf("status %d, logged %v", rec.Code, r)
	}
	// The same error without a hang-up is one.
	h, _ := failing(t, fmt.Errorf("read: %w", context.Canceled))
	problem(t, serve(t, h, http.MethodGet, "/x", ""), http.StatusInternalServerError)
}

func TestAnswerThatCannotBeEncodedIsProblem(t *testing.T) {
	t.Parallel()
	e, _ := setup(t, httpx.Options{})
	e.GET("/x", func(c *gin.Context) { c.JSON(http.StatusOK, math.NaN()) })
	problem(t, serve(t, e, http.MethodGet, "/x", ""), http.StatusInternalServerError)
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	t.Parallel()
	e, log := setup(t, httpx.Options{})
	e.GET("/x", func(*gin.Context) { panic("index 7 of secret table") })
	p := problem(t, serve(t, e, http.MethodGet, "/x", ""), http.StatusInternalServerError)
	if strings.Contains(p.Detail, "secret table") {
		t.Errorf("shown: %s", p.Detail)
	}
	r := log.lines(t)[0]
	stack, _ := r["stack"].(string)
	if r["level"] != "ERROR" || r["error"] != "panic: index 7 of secret table" || !strings.Contains(stack, "fail_test.go") {
		t.Errorf("logged %v", r)
	}
}

func TestPanicInBegunAnswerBreaksItOff(t *testing.T) {
	t.Parallel()
	e, log := setup(t, httpx.Options{})
	e.GET("/x", func(c *gin.Context) {
		c.String(http.StatusOK, "half of ")
		panic("the disk is gone")
	})
	e.GET("/abort", func(*gin.Context) { panic(http.ErrAbortHandler) })
	for _, path := range []string{"/x", "/abort"} {
		func() {
			defer func() {
				if v := recover(); v != http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
					t.Errorf("%s: recovered %v", path, v)
				}
			}()
			serve(t, e, http.MethodGet, path, "")
			t.Errorf("%s: returned", path)
		}()
	}
	if r := log.lines(t); len(r) != 1 || r[0]["level"] != "ERROR" || r[0]["status"] != 200.0 {
		t.Errorf("logged %v", r)
	}
}
