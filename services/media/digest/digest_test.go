package digest_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"home.arpa/nestbox/services/media/digest"
)

var (
	content = []byte("a picture")
	sum256  = sha256.Sum256(content)
	sum512  = sha512.Sum512(content)
	b64     = base64.StdEncoding.EncodeToString
	good256 = "sha-256=:" + b64(sum256[:]) + ":"
	good512 = "sha-512=:" + b64(sum512[:]) + ":"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, field string
		has256      bool
		has512      bool
	}{
		{"nothing", "", false, false},
		{"spaces", "  ", false, false},
		{"sha-256", good256, true, false},
		{"sha-512", good512, false, true},
		{"both, as joined field lines", good256 + ", " + good512, true, true},
		{"tabs and no space", good256 + "\t,\t" + good512 + " ", true, true},
		{"without padding", "sha-256=:" + strings.TrimRight(b64(sum256[:]), "=") + ":", true, false},
		{"with parameters", good256 + `;a;b=1;c="x;,=";d=:AA==:`, true, false},
		{"unknown algorithms of every form", `md5=:AAAA:, crc32c=12.5, a=?1, b="q\"\\,", c=tok/en:x, d=(1 "a";p :AA==:), e, f;g=1, h=@123, i=%"f%c3%bc", j=(), ` + good256, true, false},
		{"the last of a repeated key counts", "sha-256=:" + b64(make([]byte, 32)) + ":, " + good256, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w, err := digest.Parse(tc.field)
			if err != nil {
				t.Fatal(err)
			}
			if tc.has256 != bytes.Equal(w.SHA256, sum256[:]) || tc.has512 != bytes.Equal(w.SHA512, sum512[:]) {
				t.Errorf("Parse = %x", w)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, field := range map[string]string{
		"legacy Digest syntax":   "SHA-256=" + b64(sum256[:]),
		"value is a token":       "sha-256=abc",
		"value is missing":       "sha-256=",
		"flag":                   "sha-256",
		"too short":              "sha-256=:AAAA:",
		"too long":               "sha-256=:" + b64(sum512[:]) + ":",
		"not base64":             "sha-256=:!!!!:",
		"base64 with line break": "sha-256=:" + b64(sum256[:])[:20] + "\n" + b64(sum256[:])[20:] + ":",
		"unclosed":               "sha-256=:" + b64(sum256[:]),
		"comma at the end":       good256 + ",",
		"comma alone":            ",",
		"no comma":               good256 + " " + good512,
		"unclosed string":        `a="x`,
		"binary in a string":     "a=\"\x00\"",
		"unclosed list":          "a=(1 2",
		"nested list":            "a=((1))",
		"list without spaces":    `a=("x""y")`,
		"list as parameter":      "a;b=(1)",
		"nameless parameter":     "a;=1",
		"endless":                strings.Repeat("a, ", 5000) + "a",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if w, err := digest.Parse(field); err == nil {
				t.Errorf("Parse(%q) = %x, want an error", field, w)
			}
		})
	}
}

func TestSummer(t *testing.T) {
	t.Parallel()
	other := sha512.Sum512([]byte("another picture"))
	for _, tc := range []struct {
		name   string
		wanted digest.Wanted
		want   error
	}{
		{"nothing wanted", digest.Wanted{}, nil},
		{"right sha-256", digest.Wanted{SHA256: sum256[:]}, nil},
		{"right sha-512", digest.Wanted{SHA512: sum512[:]}, nil},
		{"wrong sha-256", digest.Wanted{SHA256: make([]byte, 32)}, digest.ErrMismatch},
		{"wrong sha-512 beside a right sha-256", digest.Wanted{SHA256: sum256[:], SHA512: other[:]}, digest.ErrMismatch},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := digest.NewSummer(tc.wanted)
			for _, b := range content {
				_, _ = s.Write([]byte{b})
			}
			sum, err := s.Finish()
			if sum != sum256 || !errors.Is(err, tc.want) {
				t.Errorf("Finish = %x, %v; want %x, %v", sum, err, sum256, tc.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, field := range []string{good256, good512, good256 + ", " + good512, `a=(1 "b";c);d=1, e=%"f"`, "sha-256=:AAAA:", ",", "a=?1;b"} {
		f.Add(field)
	}
	f.Fuzz(func(t *testing.T, field string) {
		w, err := digest.Parse(field)
		if err != nil {
			if w.SHA256 != nil || w.SHA512 != nil {
				t.Fatalf("a digest beside the error %v", err)
			}
			return
		}
		if w.SHA256 != nil && len(w.SHA256) != 32 || w.SHA512 != nil && len(w.SHA512) != 64 {
			t.Fatalf("digests of %d and %d bytes", len(w.SHA256), len(w.SHA512))
		}
		// What was understood survives being joined with itself.
		if again, err := digest.Parse(strings.Trim(field, " ") + ", x=1"); strings.Trim(field, " ") != "" &&
			(err != nil || !bytes.Equal(again.SHA256, w.SHA256) || !bytes.Equal(again.SHA512, w.SHA512)) {
			t.Fatalf("%q with one more member: %v", field, err)
		}
	})
}
