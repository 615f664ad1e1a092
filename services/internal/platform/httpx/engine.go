package httpx

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/contrib/instrumentation/github.com/gin-gonic/gin/otelgin"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// Options configure an engine. The zero value works: no service name, no log,
// no tracing, no proxy believed.
type Options struct {
	// Service names the process in spans.
	Service string
	// Logger receives one line per request: debug for what went well or was the
	// caller's mistake, warn for 503, error for the rest of 5xx. Nil logs nothing.
	Logger *slog.Logger
	// Tracing adds otelgin. Without it an incoming traceparent is still carried in
	// the request's context, so that logs and outgoing calls continue the trace.
	Tracing bool
	// TrustedProxies are the addresses or CIDR ranges whose X-Forwarded-For is
	// believed, usually the pod network of Traefik. Empty believes nobody: the
	// client's address is then the address of the connection.
	TrustedProxies []string
	// ReadLimit is how long a whole body may take to arrive, WriteLimit how long the
	// caller may take to accept each piece of the answer, where the route does not say
	// otherwise (ReadDeadline, WriteDeadline). 0 is 10 s and 30 s.
	ReadLimit  time.Duration
	WriteLimit time.Duration
}

// NewEngine returns a Gin engine in release mode with the middleware below and
// nothing else. It panics when a trusted proxy is not an address or a range:
// that is a mistake of the configuration which must be checked before.
//
// Routing takes the path once decoded and exactly as sent: nothing is cleaned,
// lower-cased or redirected, so "/api/x/../y" and "/api/x/" are 404 and "%2F" in
// an id splits it like a slash. An id therefore never contains a slash; every
// other character of it is the handler's to judge.
func NewEngine(o Options) *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New()
	e.HandleMethodNotAllowed = true
	e.RedirectTrailingSlash = false
	e.RedirectFixedPath = false
	e.UseRawPath = false
	e.ForwardedByClientIP = len(o.TrustedProxies) > 0
	e.RemoteIPHeaders = []string{"X-Forwarded-For"}
	if err := e.SetTrustedProxies(o.TrustedProxies); err != nil {
		panic(fmt.Sprintf("httpx: trusted proxies %q: %v", o.TrustedProxies, err))
	}
	log := o.Logger
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}

	trace := continueTrace
	if o.Tracing {
		// otelgin would count requests a second time, without bounds on the labels.
		trace = otelgin.Middleware(o.Service, otelgin.WithMeterProvider(noop.NewMeterProvider()),
			otelgin.WithPropagators(propagation.TraceContext{}))
	}
	// Outermost first. Each needs what stands above it and covers what stands below.
	e.Use(
		trace,           // the span is in the context of all that follows, also of the log line
		observe(log),    // sees the final status, so everything that sets one is below
		setHeaders,      // before anything can write the header
		setDeadlines(o), // before anything can read the body
		renderErrors,    // the one writer of problem documents
		recoverPanics,   // innermost: a panic becomes an error like any other
	)
	e.NoRoute(func(c *gin.Context) {
		Fail(c, fault.New(fault.NotFound, "There is nothing at this path."))
	})
	e.NoMethod(func(c *gin.Context) {
		Fail(c, errMethodNotAllowed)
	})
	return e
}
