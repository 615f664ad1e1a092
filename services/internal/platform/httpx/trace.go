package httpx

import (
	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/propagation"
)

// continueTrace puts the caller's W3C trace context (traceparent, tracestate) in
// the request's context. It stands in for otelgin when nothing exports spans, so
// that a trace which began on a camera is not cut by a hub that does not record it.
func continueTrace(c *gin.Context) {
	if _, sent := c.Request.Header["Traceparent"]; !sent {
		return
	}
	ctx := propagation.TraceContext{}.Extract(c.Request.Context(), propagation.HeaderCarrier(c.Request.Header))
	c.Request = c.Request.WithContext(ctx)
}
