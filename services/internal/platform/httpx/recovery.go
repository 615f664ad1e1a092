package httpx

import (
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"

	"github.com/gin-gonic/gin"
)

// panicError is a recovered panic with the stack it came from.
type panicError struct {
	value any
	stack []byte
	begun bool // the answer was on its way already
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// Unwrap lets errors.Is see a panic whose value was an error.
func (e *panicError) Unwrap() error {
	err, _ := e.value.(error)
	return err
}

// recoverPanics records a panic as the error of the request, so that it is
// answered and logged like any other. An answer that has begun can only be broken
// off, which observe does once it is logged.
func recoverPanics(c *gin.Context) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(http.ErrAbortHandler)
		}
		Fail(c, &panicError{value: v, stack: debug.Stack(), begun: c.Writer.Written()})
	}()
	c.Next()
}
