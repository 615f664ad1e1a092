package auth

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
)

// SessionCookie is the name of the cookie that carries a session's credential.
const SessionCookie = "nestbox_session"

// Kinds of a Principal.
const (
	KindSession = "session" // a person at the web page
	KindToken   = "token"   // a script
)

// Principal is an operator who is logged in.
type Principal struct {
	Name         string `json:"name"`
	CredentialID string `json:"credential_id"`
	Kind         string `json:"kind"`
}

// LogValue names the operator in a log line.
func (p *Principal) LogValue() slog.Value {
	return slog.StringValue("operator " + p.Name + " by " + p.Kind + " " + p.CredentialID)
}

// Operators knows the valid credentials.
type Operators interface {
	// Lookup returns whose credential has this hash (HashCredential). It fails with
	// fault.Unauthenticated when the credential is unknown, expired or withdrawn, and
	// with fault.Unavailable when that cannot be known now.
	Lookup(ctx context.Context, credentialHash string) (Principal, error)
}

var (
	errNotLoggedIn = fault.New(fault.Unauthenticated, "Log in first, or send an API token as Authorization: Bearer.")
	errCrossOrigin = fault.New(fault.Forbidden, "This request came from another site, so it was not carried out.")
)

// RequireOperator lets only requests pass that carry a credential which ops knows:
// Authorization: Bearer nbx_…, or the session cookie. When there is an
// Authorization header the cookie is not looked at. A browser attaches the cookie
// to requests of foreign pages too, so requests by cookie that can change something
// must come from our own pages (net/http.CrossOriginProtection).
func RequireOperator(ops Operators) gin.HandlerFunc {
	origin := http.NewCrossOriginProtection()
	return func(c *gin.Context) {
		secret, byCookie := operatorCredential(c.Request)
		if !wellFormed(secret) {
			httpx.Fail(c, errNotLoggedIn)
			return
		}
		if byCookie {
			if err := origin.Check(c.Request); err != nil {
				httpx.Fail(c, fault.Wrap(err, errCrossOrigin.Kind, "%s", errCrossOrigin.Message))
				return
			}
		}
		p, err := ops.Lookup(c.Request.Context(), HashCredential(secret))
		if err != nil {
			httpx.Fail(c, err)
			return
		}
		c.Set(httpx.KeyActor, &p)
	}
}

// OperatorFrom returns who RequireOperator let pass; the zero Principal, with an
// empty name, on a route without it.
func OperatorFrom(c *gin.Context) Principal {
	if v, ok := c.Get(httpx.KeyActor); ok {
		if p, ok := v.(*Principal); ok {
			return *p
		}
	}
	return Principal{}
}

// operatorCredential returns what the request carries, unchecked.
func operatorCredential(r *http.Request) (secret string, byCookie bool) {
	if len(r.Header["Authorization"]) > 0 {
		secret, _ = bearer(r)
		return secret, false
	}
	// Of several cookies of this name none is trusted more than another.
	if cookies := r.CookiesNamed(SessionCookie); len(cookies) == 1 {
		return cookies[0].Value, true
	}
	return "", false
}
