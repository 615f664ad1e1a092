package httpx

import (
	"context"

	"github.com/gin-gonic/gin"
)

type drainKey struct{}

// Draining is closed when the server begins to stop. Handlers that wait, long
// polls and streams, end their wait at once with the answer they would give when
// nothing happened; work that a caller waits for is finished instead. It is nil,
// which blocks for ever, outside of a Server.
func Draining(c *gin.Context) <-chan struct{} {
	ch, _ := c.Request.Context().Value(drainKey{}).(<-chan struct{})
	return ch
}

// WithDraining returns a context in which Draining is ch. Server does this for the
// requests it serves, tests do it for the request they make.
func WithDraining(ctx context.Context, ch <-chan struct{}) context.Context {
	return context.WithValue(ctx, drainKey{}, ch)
}
