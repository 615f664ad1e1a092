package api_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/openapi/contracttest"
	"home.arpa/nestbox/services/internal/platform/openapi/openapitest"
	"home.arpa/nestbox/services/telemetry"
)

// TestWireVectors holds the device routes to the exchanges that the firmware is
// tested with.
func TestWireVectors(t *testing.T) {
	t.Parallel()
	for _, call := range []string{"heartbeat", "motion"} {
		vectors := contracttest.Load(t, call)
		for _, v := range vectors {
			t.Run(call+"/"+v.Name, func(t *testing.T) {
				t.Parallel()
				h := newHub(t)
				for _, name := range v.Before {
					before := contracttest.Find(t, vectors, name)
					rec := h.exchange(before)
					before.Compare(t, rec.Code, rec.Header(), rec.Body.Bytes())
				}
				rec := h.exchange(v)
				v.Compare(t, rec.Code, rec.Header(), rec.Body.Bytes())
				if v.Refused() && len(v.Before) == 0 {
					h.wantNothing()
				}
			})
		}
	}
}

// exchange brings about what the vector says was there before, and sends its
// request.
func (h *hub) exchange(v contracttest.Vector) *httptest.ResponseRecorder {
	h.t.Helper()
	h.pass(v.At.Sub(h.clock()))
	state := telemetry.DeviceState{
		Status: telemetry.Approved, Epoch: 1, PendingCommands: v.Given.PendingCommands,
		PrivacyLocked: v.Given.Privacy.Locked, PrivacyGeneration: v.Given.Privacy.Generation,
	}
	claims := auth.Claims{Subject: contracttest.DeviceID, Epoch: 1, ExpiresAt: v.At.Add(time.Hour)}
	var token string
	switch v.Given.Token {
	case "valid":
		token = h.sign(claims)
	case "revoked":
		state.Status, state.Epoch = telemetry.Revoked, 2
		token = h.sign(claims)
	case "old-epoch":
		state.Epoch = 2
		token = h.sign(claims)
	case "expired":
		claims.ExpiresAt = v.At
		token = h.sign(claims)
	case "forged":
		_, foreign, err := ed25519.GenerateKey(nil)
		if err != nil {
			h.t.Fatal(err)
		}
		if token, err = auth.NewSigner(foreign).Sign(claims); err != nil {
			h.t.Fatal(err)
		}
	case "alg-none":
		part := base64.RawURLEncoding.EncodeToString
		token = part([]byte(`{"alg":"none"}`)) + "." +
			part(fmt.Appendf(nil, `{"sub":%q,"ep":1,"exp":%d}`, claims.Subject, claims.ExpiresAt.Unix())) + "."
	default:
		h.t.Fatalf("token %q is not one that this test can make", v.Given.Token)
	}
	if v.Given.Device == "revoked" {
		state.Status = telemetry.Revoked
	}
	if v.Given.Device != "unknown" {
		h.states.Set(contracttest.DeviceID, state)
	}
	return openapitest.New(h.t).Do(h.t, http.Handler(h.engine), v.NewRequest(h.t, token))
}
