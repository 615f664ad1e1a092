package httpx

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"home.arpa/nestbox/services/internal/platform/fault"
)

// FuzzBindJSON: whatever the bytes, decoding ends in a value that can be stored or
// in a short sentence for the caller.
func FuzzBindJSON(f *testing.F) {
	for _, seed := range []string{
		`{"device_id":"AA:BB:CC:DD:EE:FF","uptime":12.5,"rssi":-61,"on":true,"tags":["a"],"more":{"x":[1,null]}}`,
		`{"device_id":"\u0000"}`, `{"device_id":"\\u0000"}`, `{"rssi":1e400}`, `[[[[`, `null`, "{\"a\":\"\xff\"}", `{"tags":[{}]}`,
		strings.Repeat("[", 40), `"` + strings.Repeat("[", 40) + `"`, `{"device_id":"\ud800"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var dst struct {
			DeviceID string         `json:"device_id"`
			Uptime   float64        `json:"uptime"`
			RSSI     int8           `json:"rssi"`
			On       *bool          `json:"on"`
			Tags     []string       `json:"tags"`
			More     map[string]any `json:"more"`
		}
		err := decodeJSON(body, &dst)
		if err != nil {
			fe := fault.From(err)
			if fe == nil || fe.Kind != fault.Invalid {
				t.Fatalf("%q: %v is not Invalid", body, err)
			}
			if !utf8.ValidString(fe.Message) || len(fe.Message) > 300 || !strings.HasSuffix(fe.Message, ".") {
				t.Fatalf("%q: sentence %q", body, fe.Message)
			}
			return
		}
		if !json.Valid(body) {
			t.Fatalf("%q is not JSON and was accepted", body)
		}
		var all any
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber() // a field that we ignore may hold a number of any size
		if err := d.Decode(&all); err != nil {
			t.Fatal(err)
		}
		if why := unstorable(all, 1); why != "" {
			t.Fatalf("%q: accepted with %s", body, why)
		}
	})
}

// unstorable says what the slow way finds wrong with a decoded value.
func unstorable(v any, depth int) string {
	switch v := v.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			return "U+0000"
		}
	case []any:
		for _, e := range v {
			if why := unstorable(e, depth+1); why != "" {
				return why
			}
		}
		return tooDeepAt(depth)
	case map[string]any:
		for k, e := range v {
			if why := unstorable(k, depth+1) + unstorable(e, depth+1); why != "" {
				return why
			}
		}
		return tooDeepAt(depth)
	}
	return ""
}

func tooDeepAt(depth int) string {
	if depth > maxJSONDepth {
		return "too many levels"
	}
	return ""
}
