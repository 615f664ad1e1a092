package api

import (
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/registry"
)

// origin refuses logins that another site's page sends: whoever logs a person in
// as somebody else can watch what they then do.
var origin = http.NewCrossOriginProtection()

func (h handlers) login(c *gin.Context) {
	if err := origin.Check(c.Request); err != nil {
		httpx.Fail(c, fault.Wrap(err, fault.Forbidden, "This request came from another site, so it was not carried out."))
		return
	}
	var in struct {
		Username string  `json:"username"`
		Password *string `json:"password"`
	}
	if !bind(c, &in) {
		return
	}
	if in.Password == nil {
		httpx.Fail(c, missing("password"))
		return
	}
	if in.Username == "" {
		in.Username = registry.AdminName
	}
	session, secret, err := h.service.Login(c.Request.Context(), in.Username, *in.Password, c.ClientIP())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	auth.SetSession(c, secret, session.ExpiresAt)
	c.JSON(http.StatusOK, gin.H{"name": session.Operator, "expires_at": moment(session.ExpiresAt)})
}

func (h handlers) logout(c *gin.Context) {
	if err := h.service.Logout(c.Request.Context(), auth.OperatorFrom(c)); err != nil {
		httpx.Fail(c, err)
		return
	}
	auth.ClearSession(c)
	c.Status(http.StatusNoContent)
}

func (h handlers) showSession(c *gin.Context) {
	who := auth.OperatorFrom(c)
	cred, err := h.service.Credential(c.Request.Context(), who)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"name": who.Name, "kind": who.Kind, "expires_at": orNull(cred.ExpiresAt)})
}

func (h handlers) changePassword(c *gin.Context) {
	var in struct {
		Current *string `json:"current"`
		New     *string `json:"new"`
	}
	if !bind(c, &in) {
		return
	}
	if in.Current == nil || in.New == nil {
		httpx.Fail(c, fault.New(fault.Invalid, "current and new are both needed."))
		return
	}
	if err := h.service.ChangePassword(c.Request.Context(), auth.OperatorFrom(c), *in.Current, *in.New, c.ClientIP()); err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (h handlers) listTokens(c *gin.Context) {
	all, err := h.service.Tokens(c.Request.Context())
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusOK, gin.H{"tokens": list(all, tokenOf)})
}

func (h handlers) createToken(c *gin.Context) {
	var in struct {
		Name          string `json:"name"`
		ExpiresInDays *int64 `json:"expires_in_days"`
	}
	if !bind(c, &in) {
		return
	}
	o := registry.TokenOrder{Name: in.Name}
	if in.ExpiresInDays != nil {
		const day = int64(24 * time.Hour / time.Second)
		// The bound keeps the product from wrapping; the rule's own is far below.
		o.Life = seconds(min(*in.ExpiresInDays, 1<<32) * day)
	}
	t, secret, err := h.service.CreateToken(c.Request.Context(), auth.OperatorFrom(c), o)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	c.JSON(http.StatusCreated, struct {
		tokenBody
		Token string `json:"token"`
	}{tokenOf(t), secret})
}

func (h handlers) deleteToken(c *gin.Context) {
	if err := h.service.DeleteToken(c.Request.Context(), auth.OperatorFrom(c), c.Param("id")); err != nil {
		httpx.Fail(c, err)
		return
	}
	c.Status(http.StatusNoContent)
}

func (h handlers) listEntries(c *gin.Context) {
	p, err := page(c)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	all, err := h.service.Entries(c.Request.Context(), p)
	if err != nil {
		httpx.Fail(c, err)
		return
	}
	all, next := cut(all, p, func(e registry.Entry) string { return e.ID })
	c.JSON(http.StatusOK, gin.H{"entries": list(all, entryOf), "next_cursor": next})
}
