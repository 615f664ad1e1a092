package auth

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
)

// SetSession gives the browser a session's credential until expires. The cookie is
// HttpOnly and SameSite=Strict. It is Secure when the connection is; Nestbox itself
// speaks plain HTTP on a home network, where a Secure cookie would never come back.
func SetSession(c *gin.Context, credential string, expires time.Time) {
	setCookie(c, credential, expires)
}

// ClearSession takes the credential from the browser.
func ClearSession(c *gin.Context) { setCookie(c, "", time.Unix(1, 0)) }

func setCookie(c *gin.Context, value string, expires time.Time) {
	http.SetCookie(c.Writer, &http.Cookie{ //nolint:gosec // Secure follows the connection, see SetSession
		Name:     SessionCookie,
		Value:    value,
		Path:     "/",
		Expires:  expires.UTC(),
		Secure:   c.Request.TLS != nil || c.Request.Header.Get("X-Forwarded-Proto") == "https",
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
}

// SessionFrom returns the credential that the request carries, as header or cookie,
// and whether it has the shape of one. Logging out needs it to know what to end.
func SessionFrom(c *gin.Context) (credential string, ok bool) {
	secret, _ := operatorCredential(c.Request)
	return secret, wellFormed(secret)
}
