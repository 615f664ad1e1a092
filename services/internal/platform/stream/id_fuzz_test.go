package stream_test

import (
	"strings"
	"testing"

	"home.arpa/nestbox/services/internal/platform/stream"
)

func FuzzParseID(f *testing.F) {
	for _, id := range []string{"", "0", "1-1", "1795431209290-0", "$", ">", "-1", "1-", "1-1-1", "٣-1", "1\n", "9999999999999999999-9999999999999999999"} {
		f.Add(id)
	}
	f.Fuzz(func(t *testing.T, id string) {
		got, err := stream.ParseID(id)
		if err != nil {
			return
		}
		if got != id && got != id+"-0" {
			t.Errorf("%q became %q", id, got)
		}
		if strings.Trim(got, "0123456789-") != "" || strings.Count(got, "-") != 1 || len(got) > 39 {
			t.Errorf("%q is no id", got)
		}
	})
}
