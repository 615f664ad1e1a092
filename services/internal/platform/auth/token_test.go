package auth_test

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/fault"
)

func TestTokenSaysWhatWasSigned(t *testing.T) {
	t.Parallel()
	private, public := key(t)
	v := auth.NewVerifier([]ed25519.PublicKey{public}, func() time.Time { return noon })
	want := auth.Claims{Subject: deviceID, Epoch: 3, ExpiresAt: noon.Add(time.Hour)}
	token := sign(t, private, want)
	for range 2 { // checked, then remembered
		got, err := v.Verify(token)
		if err != nil || got != want {
			t.Errorf("got %+v, %v", got, err)
		}
	}
	header, err := base64.RawURLEncoding.DecodeString(token[:strings.IndexByte(token, '.')])
	if err != nil || string(header) != `{"alg":"EdDSA"}` {
		t.Errorf("header %s, %v", header, err)
	}
}

// The story's firmware keeps the register answer in 256 bytes.
func TestTokenFitsTheMemoryOfTheStory(t *testing.T) {
	t.Parallel()
	private, _ := key(t)
	for _, epoch := range []int64{0, 1, 99_999} {
		token := sign(t, private, auth.Claims{Subject: deviceID, Epoch: epoch, ExpiresAt: noon.AddDate(99, 0, 0)})
		if len(token) > 180 {
			t.Errorf("epoch %d: %d characters", epoch, len(token))
		}
	}
}

func TestSignRefusesClaimsOutOfRange(t *testing.T) {
	t.Parallel()
	private, _ := key(t)
	for name, c := range map[string]auth.Claims{
		"no subject":     {ExpiresAt: noon},
		"long subject":   {Subject: strings.Repeat("a", 65), ExpiresAt: noon},
		"negative epoch": {Subject: deviceID, Epoch: -1, ExpiresAt: noon},
		"no expiry":      {Subject: deviceID},
	} {
		if token, err := auth.NewSigner(private).Sign(c); err == nil {
			t.Errorf("%s: %s", name, token)
		}
	}
}

// forge assembles a token from its parts, signed by sign.
func forge(header, claims string, sign func(text []byte) []byte) string {
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	private, public := key(t)
	foreign, _ := key(t)
	good := sign(t, private, auth.Claims{Subject: deviceID, Epoch: 1, ExpiresAt: noon.Add(time.Hour)})
	const eddsa, claims = `{"alg":"EdDSA"}`, `{"sub":"AA:BB:CC:DD:EE:FF","e":1,"exp":1900000000}`
	ours := func(text []byte) []byte { return ed25519.Sign(private, text) }
	pkix, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	mac := func(secret []byte) func([]byte) []byte {
		return func(text []byte) []byte {
			h := hmac.New(sha256.New, secret)
			h.Write(text)
			return h.Sum(nil)
		}
	}
	unsigned := func([]byte) []byte { return nil }
	if _, err := auth.NewVerifier([]ed25519.PublicKey{public}, func() time.Time { return noon }).Verify(forge(eddsa, claims, ours)); err != nil {
		t.Fatalf("the forge is broken: %v", err)
	}
	for name, token := range map[string]string{
		"nothing":              "",
		"dots":                 "..",
		"four parts":           good + ".x",
		"foreign key":          sign(t, foreign, auth.Claims{Subject: deviceID, Epoch: 1, ExpiresAt: noon.Add(time.Hour)}),
		"other subject":        strings.Replace(good, good[30:34], "AAAA", 1),
		"cut signature":        good[:len(good)-1],
		"longer signature":     good + "A",
		"padded":               good + "==",
		"loose last bits":      good[:len(good)-1] + string(good[len(good)-1]+1),
		"space":                good + " ",
		"alg none":             forge(`{"alg":"none"}`, claims, unsigned),
		"alg None":             forge(`{"alg":"None"}`, claims, unsigned),
		"EdDSA unsigned":       forge(eddsa, claims, unsigned),
		"HS256 with public":    forge(`{"alg":"HS256"}`, claims, mac(public)),
		"HS256 with PKIX":      forge(`{"alg":"HS256"}`, claims, mac(pkix)),
		"HS256 with PEM":       forge(`{"alg":"HS256"}`, claims, mac(auth.PublicPEM(private))),
		"unknown alg":          forge(`{"alg":"RS999"}`, claims, ours),
		"no alg":               forge(`{}`, claims, ours),
		"alg is a number":      forge(`{"alg":1}`, claims, ours),
		"header is no JSON":    forge(`alg`, claims, ours),
		"claims are no JSON":   forge(eddsa, `sub`, ours),
		"claims are null":      forge(eddsa, `null`, ours),
		"no subject":           forge(eddsa, `{"e":1,"exp":1900000000}`, ours),
		"long subject":         forge(eddsa, `{"sub":"`+strings.Repeat("a", 65)+`","e":1,"exp":1900000000}`, ours),
		"subject is a number":  forge(eddsa, `{"sub":1,"e":1,"exp":1900000000}`, ours),
		"negative epoch":       forge(eddsa, `{"sub":"a","e":-1,"exp":1900000000}`, ours),
		"epoch out of range":   forge(eddsa, `{"sub":"a","e":9223372036854775808,"exp":1900000000}`, ours),
		"no expiry":            forge(eddsa, `{"sub":"a","e":1}`, ours),
		"expiry null":          forge(eddsa, `{"sub":"a","e":1,"exp":null}`, ours),
		"expired in 1970":      forge(eddsa, `{"sub":"a","e":1,"exp":0}`, ours),
		"expired":              forge(eddsa, `{"sub":"a","e":1,"exp":1769860800}`, ours), // noon itself
		"expiry is infinite":   forge(eddsa, `{"sub":"a","e":1,"exp":1e999}`, ours),
		"expiry out of range":  forge(eddsa, `{"sub":"a","e":1,"exp":9223372036854775807}`, ours),
		"expiry is a string":   forge(eddsa, `{"sub":"a","e":1,"exp":"1900000000"}`, ours),
		"too long to be ours":  forge(eddsa, `{"sub":"a","e":1,"exp":1900000000,"x":"`+strings.Repeat("a", 400)+`"}`, ours),
		"a megabyte of dots":   strings.Repeat(".", 1<<20),
		"a megabyte of header": strings.Repeat("A", 1<<20) + ".a.b",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := auth.NewVerifier([]ed25519.PublicKey{public}, func() time.Time { return noon })
			for range 2 {
				c, err := v.Verify(token)
				refused(t, err, token)
				if c != (auth.Claims{}) {
					t.Errorf("claims of a refused token: %+v", c)
				}
			}
		})
	}
}

func TestRememberedTokenStillExpires(t *testing.T) {
	t.Parallel()
	private, public := key(t)
	now := noon
	v := auth.NewVerifier([]ed25519.PublicKey{public}, func() time.Time { return now })
	token := sign(t, private, auth.Claims{Subject: deviceID, ExpiresAt: noon.Add(time.Hour)})
	for _, tc := range []struct {
		after time.Duration
		ok    bool
	}{{0, true}, {time.Hour - time.Nanosecond, true}, {time.Hour, false}, {2 * time.Hour, false}} {
		now = noon.Add(tc.after)
		_, err := v.Verify(token)
		if (err == nil) != tc.ok {
			t.Errorf("after %v: %v", tc.after, err)
		}
		if !tc.ok && !strings.Contains(err.Error(), "expired") {
			t.Errorf("after %v: %v", tc.after, err)
		}
	}
}

func TestKeysCanBeRotated(t *testing.T) {
	t.Parallel()
	oldKey, oldPublic := key(t)
	newKey, newPublic := key(t)
	c := auth.Claims{Subject: deviceID, ExpiresAt: noon.Add(time.Hour)}
	both := auth.NewVerifier([]ed25519.PublicKey{newPublic, oldPublic}, func() time.Time { return noon })
	for name, k := range map[string]ed25519.PrivateKey{"old": oldKey, "new": newKey} {
		if _, err := both.Verify(sign(t, k, c)); err != nil {
			t.Errorf("%s key: %v", name, err)
		}
	}
	token := sign(t, oldKey, c)
	_, err := auth.NewVerifier([]ed25519.PublicKey{newPublic}, func() time.Time { return noon }).Verify(token)
	refused(t, err, token)
	_, err = auth.NewVerifier(nil, nil).Verify(token)
	refused(t, err, token)
}

func TestVerifierIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	private, public := key(t)
	v := auth.NewVerifier([]ed25519.PublicKey{public}, nil)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 50 {
				token := sign(t, private, auth.Claims{Subject: deviceID, Epoch: int64(i % 3), ExpiresAt: time.Now().Add(time.Hour)})
				if c, err := v.Verify(token); err != nil || c.Epoch != int64(i%3) {
					t.Errorf("%+v, %v", c, err)
				}
				if _, err := v.Verify(token[:100]); fault.KindOf(err) != fault.Unauthenticated {
					t.Errorf("cut: %v", err)
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkVerify(b *testing.B) {
	private, public := key(b)
	v := auth.NewVerifier([]ed25519.PublicKey{public}, nil)
	c := auth.Claims{Subject: deviceID, Epoch: 1, ExpiresAt: time.Now().Add(time.Hour)}
	b.Run("remembered", func(b *testing.B) {
		token := sign(b, private, c)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("new", func(b *testing.B) {
		bad := sign(b, private, c)
		bad = bad[:len(bad)-4] + "AAAA" // never remembered, and as dear as a good one
		for b.Loop() {
			if _, err := v.Verify(bad); err == nil {
				b.Fatal("accepted")
			}
		}
	})
}
