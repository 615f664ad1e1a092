package hub

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/hub/control"
	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

// OwnerName is how the record of changes names who came through the owner's door. A token of this name has a credential id,
// the owner has none.
const OwnerName = "console"

// ownerPaths are served behind the owner's door alone.
const ownerPaths = "/owner/"

// operators knows the owner's credential beside those of the registry. It is made anew at each start, is 256 random bits and
// never leaves the process: control.Handler puts it on requests that came through the door.
type operators struct {
	ownerHash string
	others    auth.Operators
}

// Lookup implements auth.Operators.
func (o operators) Lookup(ctx context.Context, hash string) (auth.Principal, error) {
	if hash == o.ownerHash {
		return auth.Principal{Name: OwnerName, Kind: auth.KindToken}, nil
	}
	return o.others.Lookup(ctx, hash)
}

// ownerHandler serves the operator API as the owner, and what only the owner may do.
func (h *Hub) ownerHandler() http.Handler {
	own := httpx.NewEngine(httpx.Options{Service: "nestbox", Logger: h.log})
	own.POST(ownerPaths+"reset-password", h.resetPassword)
	api := control.Handler(h.engine, h.ownerCredential)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, ownerPaths) {
			own.ServeHTTP(w, r)
			return
		}
		api.ServeHTTP(w, r)
	})
}

func (h *Hub) resetPassword(c *gin.Context) {
	password, err := h.registry.ResetPassword(c.Request.Context(), "")
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"password": password})
}

// ListenForOwner opens the owner's door. The caller hands the listener to ServeOwner.
func (h *Hub) ListenForOwner(ctx context.Context) (net.Listener, error) {
	return control.Listen(ctx, h.data.Socket())
}

// ServeOwner serves the owner's door until ctx ends and the last request there was answered.
func (h *Hub) ServeOwner(ctx context.Context, door net.Listener) error {
	handler := h.ownerHandler() //nolint:contextcheck // each request brings its own
	s := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(door) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := s.Shutdown(stopping)
	if serve := <-failed; !errors.Is(serve, http.ErrServerClosed) {
		err = errors.Join(err, serve)
	}
	return err
}
