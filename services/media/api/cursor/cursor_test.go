package cursor_test

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
	"home.arpa/nestbox/services/media/api/cursor"
)

var position = media.Position{At: time.UnixMicro(1767225600250000).UTC(), ID: "019b76da-a800-7c31-b9a4-0d2a4c1e9b10"}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, p := range []media.Position{position, {}, {At: time.UnixMicro(-1).UTC(), ID: position.ID}} {
		text := ""
		if !p.IsZero() {
			text = cursor.Encode(p)
		}
		if got, err := cursor.Decode(text); err != nil || got != p {
			t.Errorf("%q: %+v, %v; want %+v", text, got, err, p)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	b64 := base64.RawURLEncoding.EncodeToString
	for _, s := range []string{
		"x", "====", strings.Repeat("A", 513), cursor.Encode(position) + "A", b64([]byte("1")), b64([]byte("1.")), b64([]byte("." + position.ID)),
		b64([]byte("9223372036854775807." + position.ID)), b64([]byte("1.../../etc/passwd")), b64([]byte("1." + strings.ToUpper(position.ID))),
		b64([]byte("1e3." + position.ID)), "\x00",
	} {
		if p, err := cursor.Decode(s); fault.KindOf(err) != fault.Invalid || err == nil {
			t.Errorf("%q: %+v, %v; want Invalid", s, p, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add("")
	f.Add(cursor.Encode(position))
	f.Add("MTIzLng")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := cursor.Decode(s)
		if err != nil || p.IsZero() {
			return
		}
		if again, err := cursor.Decode(cursor.Encode(p)); err != nil || again != p {
			t.Fatalf("%q is %+v, and then %+v, %v", s, p, again, err)
		}
	})
}
