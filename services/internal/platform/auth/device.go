package auth

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/httpx"
)

// RequireDevice lets only requests pass that carry a token the verifier accepts,
// as Authorization: Bearer (RFC 6750) and nowhere else: URLs and cookies end up in
// logs and in other sites' requests. It checks signature and expiry; the epoch is
// for the handler's service to compare with DeviceFrom.
func RequireDevice(v *Verifier) gin.HandlerFunc {
	return func(c *gin.Context) {
		token, ok := bearer(c.Request)
		if !ok {
			httpx.Fail(c, errNoToken)
			return
		}
		claims, err := v.verify(token)
		if err != nil {
			httpx.Fail(c, err)
			return
		}
		c.Set(httpx.KeyActor, claims)
	}
}

// DeviceFrom returns the claims that RequireDevice accepted; the zero Claims, with
// an empty subject, on a route without it.
func DeviceFrom(c *gin.Context) Claims {
	if v, ok := c.Get(httpx.KeyActor); ok {
		if claims, ok := v.(*Claims); ok {
			return *claims
		}
	}
	return Claims{}
}

// bearer returns the credential of the one Authorization header. Two headers are
// refused, since a proxy and we could each believe another one.
func bearer(r *http.Request) (credential string, ok bool) {
	const scheme = "Bearer "
	values := r.Header["Authorization"]
	if len(values) != 1 || len(values[0]) <= len(scheme) || !strings.EqualFold(values[0][:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimLeft(values[0][len(scheme):], " "), true
}
