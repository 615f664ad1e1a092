package auth

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// FuzzVerify: no bytes but those of a signer are a token.
func FuzzVerify(f *testing.F) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	public, _ := key.Public().(ed25519.PublicKey)
	now := time.Unix(1_700_000_000, 0)
	good, err := NewSigner(key).Sign(Claims{Subject: "AA:BB:CC:DD:EE:FF", Epoch: 1, ExpiresAt: now.Add(time.Hour)})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		good, good[1:], good + ".", "..", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.", "eyJhbGciOiJFZERTQSJ9.bnVsbA.AA",
		strings.ToUpper(good), strings.Repeat("A.", 200),
	} {
		f.Add(seed)
	}
	v := NewVerifier([]ed25519.PublicKey{public}, func() time.Time { return now })
	f.Fuzz(func(t *testing.T, token string) {
		claims, err := v.Verify(token)
		if err == nil {
			if token != good {
				t.Fatalf("%q was accepted as %+v", token, claims)
			}
			return
		}
		if fault.KindOf(err) != fault.Unauthenticated || claims != (Claims{}) {
			t.Fatalf("%q: %+v, %v", token, claims, err)
		}
	})
}

// FuzzOperatorCredential: whatever the headers, what passes has the shape of a
// credential and stands in the header it is said to come from.
func FuzzOperatorCredential(f *testing.F) {
	c := NewCredential()
	for _, seed := range [][2]string{
		{"Bearer " + c, ""}, {"", SessionCookie + "=" + c}, {"bearer  " + c, "x=y"}, {"Basic " + c, SessionCookie + "=" + c},
		{"", SessionCookie + `="` + c + `"`}, {"", SessionCookie + "=" + c + "; " + SessionCookie + "=" + c}, {"Bearer", ";;=;"},
		{"Bearer nbx_" + strings.Repeat("-", 43), ""}, {"Bearer nbx_" + strings.Repeat("A", 42) + "\n", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, authorization, cookie string) {
		r := &http.Request{Header: http.Header{}}
		if authorization != "" {
			r.Header["Authorization"] = []string{authorization}
		}
		if cookie != "" {
			r.Header["Cookie"] = []string{cookie}
		}
		secret, byCookie := operatorCredential(r)
		if byCookie && authorization != "" {
			t.Fatalf("the cookie was read beside Authorization %q", authorization)
		}
		if !wellFormed(secret) {
			return
		}
		if len(secret) != 47 || strings.Trim(secret[4:], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("%q passed as a credential", secret)
		}
		if from := map[bool]string{true: cookie, false: authorization}[byCookie]; !strings.Contains(from, secret) {
			t.Fatalf("%q does not stand in %q", secret, from)
		}
	})
}
