package auth_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
)

func TestRequireDevice(t *testing.T) {
	t.Parallel()
	private, public := key(t)
	v := auth.NewVerifier([]ed25519.PublicKey{public}, func() time.Time { return noon })
	token := sign(t, private, auth.Claims{Subject: deviceID, Epoch: 7, ExpiresAt: noon.Add(time.Hour)})
	h, log := engine(t, auth.RequireDevice(v), func(c *gin.Context) {
		d := auth.DeviceFrom(c)
		c.String(http.StatusOK, "%s %d", d.Subject, d.Epoch)
	})
	for name, tc := range map[string]struct {
		headers []string
		ok      bool
	}{
		"bearer":           {[]string{"Authorization", "Bearer " + token}, true},
		"lower case":       {[]string{"Authorization", "bearer " + token}, true},
		"two spaces":       {[]string{"Authorization", "Bearer  " + token}, true},
		"nothing":          {nil, false},
		"empty":            {[]string{"Authorization", ""}, false},
		"scheme only":      {[]string{"Authorization", "Bearer "}, false},
		"no scheme":        {[]string{"Authorization", token}, false},
		"basic":            {[]string{"Authorization", "Basic " + token}, false},
		"two headers":      {[]string{"Authorization", "Bearer " + token, "Authorization", "Bearer " + token}, false},
		"two tokens":       {[]string{"Authorization", "Bearer " + token + ", Bearer " + token}, false},
		"cookie":           {[]string{"Cookie", "nestbox_session=" + token}, false},
		"operator's":       {[]string{"Authorization", "Bearer " + auth.NewCredential()}, false},
		"10,000 character": {[]string{"Authorization", "Bearer " + strings.Repeat("a", 10_000)}, false},
	} {
		rec := serve(t, h, http.MethodPost, tc.headers...)
		switch {
		case tc.ok && (rec.Code != http.StatusOK || rec.Body.String() != deviceID+" 7"):
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		case !tc.ok && rec.Code != http.StatusUnauthorized:
			t.Errorf("%s: %d %s", name, rec.Code, rec.Body)
		case !tc.ok && rec.Header().Get("WWW-Authenticate") != "Bearer":
			t.Errorf("%s: no WWW-Authenticate", name)
		}
	}
	if s := log.String(); strings.Contains(s, token[30:60]) || !strings.Contains(s, `"actor":"device `+deviceID+`"`) {
		t.Errorf("log: %s", s)
	}
}

func TestDeviceFromUnguardedRouteIsNobody(t *testing.T) {
	t.Parallel()
	h, _ := engine(t, func(*gin.Context) {}, func(c *gin.Context) {
		c.String(http.StatusOK, auth.DeviceFrom(c).Subject+auth.OperatorFrom(c).Name)
	})
	if rec := serve(t, h, http.MethodGet); rec.Body.String() != "" {
		t.Errorf("got %s", rec.Body)
	}
}
