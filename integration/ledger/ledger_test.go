package ledger

import (
	"strings"
	"testing"
)

const console = `0.120 info    camera 02:00:00:00:00:01
7 1.500 info    motion b0-1
1.900 info    picture aa b0-1
2.000 warning motion: io (answered 503)
I motion b0-2` + "\r" + `
2.500 info    picture bb
2.600 info    motion detection is not a line of the ledger
`

func TestReadTakesPromisesOnly(t *testing.T) {
	var s Said
	s.Read("one", console)
	if len(s.Events) != 2 || s.Events[0].ID != "b0-1" || s.Events[1].ID != "b0-2" {
		t.Errorf("events %v", s.Events)
	}
	if len(s.Pictures) != 2 || s.Pictures[0] != (Picture{"aa", "b0-1"}) || s.Pictures[1] != (Picture{"bb", ""}) {
		t.Errorf("pictures %v", s.Pictures)
	}
	if s.Camera["b0-2"] != "one" {
		t.Errorf("the event is of camera %q", s.Camera["b0-2"])
	}
}

func TestCompare(t *testing.T) {
	whole := func(sha, event string) HeldPicture { return HeldPicture{Picture{sha, event}, "id-" + sha, sha} }
	said := Said{Events: []Event{{ID: "a"}, {ID: "b"}}, Pictures: []Picture{{"p", "a"}}}
	kept := Held{Events: []Event{{"a", "1"}, {"b", "2"}}, Pictures: []HeldPicture{whole("p", "a")}}
	for name, test := range map[string]struct {
		change func(*Held)
		want   Kind // empty: all is well
	}{
		"all is kept":                    {func(*Held) {}, ""},
		"an answer was lost":             {func(h *Held) { h.Pictures = append(h.Pictures, whole("q", "b")) }, ""},
		"a command's pictures are alike": {func(h *Held) { h.Pictures = append(h.Pictures, whole("c", ""), whole("c", "")) }, ""},
		"an event is gone":               {func(h *Held) { h.Events = h.Events[:1] }, EventMissing},
		"an event is there twice":        {func(h *Held) { h.Events = append(h.Events, Event{"b", "2"}) }, EventDoubled},
		"a motion has two ids":           {func(h *Held) { h.Events = append(h.Events, Event{"c", "2"}) }, EventDoubled},
		"nobody queued it":               {func(h *Held) { h.Events = append(h.Events, Event{"c", "3"}) }, EventUnknown},
		"a picture is gone":              {func(h *Held) { h.Pictures = nil }, PictureMissing},
		"a picture is another event's":   {func(h *Held) { h.Pictures[0].EventID = "b" }, PictureMissing},
		"a picture is torn":              {func(h *Held) { h.Pictures[0].BytesSHA2 = "else" }, PictureTorn},
		"a picture is there twice":       {func(h *Held) { h.Pictures = append(h.Pictures, whole("p", "a")) }, PictureDoubled},
	} {
		t.Run(name, func(t *testing.T) {
			held := Held{append([]Event(nil), kept.Events...), append([]HeldPicture(nil), kept.Pictures...)}
			test.change(&held)
			b := Compare(said, held)
			switch {
			case test.want == "" && !b.Clean():
				t.Errorf("found %v", b.Findings)
			case test.want != "" && b.Count(test.want) == 0:
				t.Errorf("found %v, want %s", b.Findings, test.want)
			}
		})
	}
}

func TestTable(t *testing.T) {
	table := Table{Head: "what"}
	table.Add(
		Row{Fault: "redis killed", Balance: Compare(Said{Events: []Event{{ID: "a"}}}, Held{Events: []Event{{"a", "1"}}})},
		Row{Fault: "a broken build", Balance: Compare(Said{Events: []Event{{ID: "a"}}}, Held{})},
	)
	text := table.String()
	for _, want := range []string{"what", "| redis killed", "| clean", "| 1 event missing"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
