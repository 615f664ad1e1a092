// Package ledger compares what cameras promised with what the hub holds. A camera says on its console when an event is in its
// flash, and when the hub has answered that a picture is stored; from then on the one must be in the hub exactly once, and the
// other whole. It knows text and lists, no camera and no hub.
package ledger

import (
	"bufio"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Event is a motion event as one of the two sides knows it.
type Event struct {
	ID string // as the camera made it
	// Moment tells two happenings of one camera apart: boot id and monotonic time. Only the hub's side has it.
	Moment string
}

// Picture is a stored picture.
type Picture struct {
	SHA256  string // hexadecimal, of the bytes
	EventID string // empty: it was taken for a command
}

// Said is what cameras have said so far. Its zero value is nothing.
type Said struct {
	Events   []Event
	Pictures []Picture
	// Camera is whose console has the event's or the picture's line.
	Camera map[string]string
}

var saidLine = regexp.MustCompile(`(?:^|\s)(?:info +|I )(motion|picture) (\S+)(?: (\S+))?$`)

// Read adds what a camera's console says. Other lines are passed over.
func (s *Said) Read(camera, console string) {
	if s.Camera == nil {
		s.Camera = make(map[string]string)
	}
	for lines := bufio.NewScanner(strings.NewReader(console)); lines.Scan(); {
		m := saidLine.FindStringSubmatch(strings.TrimSuffix(lines.Text(), "\r"))
		switch {
		case m == nil:
		case m[1] == "motion":
			s.Events = append(s.Events, Event{ID: m[2]})
			s.Camera[m[2]] = camera
		default:
			s.Pictures = append(s.Pictures, Picture{SHA256: m[2], EventID: m[3]})
			s.Camera[m[3]] = camera
		}
	}
}

// Held is what the hub has.
type Held struct {
	Events   []Event
	Pictures []HeldPicture
}

// HeldPicture is a picture of the hub: as its record says, and as its bytes are.
type HeldPicture struct {
	Picture
	ID        string // the hub's
	BytesSHA2 string // of the bytes that the hub gave for it
}

// Finding is a promise that was not kept, or something that nobody promised.
type Finding struct {
	Kind    Kind
	EventID string // may be empty
	Detail  string
}

// Kind is what is wrong.
type Kind string

// What can be wrong.
const (
	EventMissing   Kind = "event missing"   // queued, and not in the hub
	EventDoubled   Kind = "event doubled"   // in the hub under one id, or of one moment, twice
	EventUnknown   Kind = "event unknown"   // in the hub, and no camera queued it
	PictureMissing Kind = "picture missing" // answered with 200, and not in the hub
	PictureTorn    Kind = "picture torn"    // its bytes are not those that its record names
	PictureDoubled Kind = "picture doubled" // of one event and with the same bytes, twice
)

// Balance is the outcome of a comparison.
type Balance struct {
	EventsQueued, EventsHeld, PicturesAnswered, PicturesHeld int
	Findings                                                 []Finding
}

// Clean tells whether every promise was kept.
func (b Balance) Clean() bool { return len(b.Findings) == 0 }

// Count is how many findings are of a kind.
func (b Balance) Count(k Kind) int {
	n := 0
	for _, f := range b.Findings {
		if f.Kind == k {
			n++
		}
	}
	return n
}

// Compare holds the hub to what was said. A picture that the hub has and no camera spoke of is no finding: the hub's answer to it
// was lost on its way. It must be whole all the same.
func Compare(said Said, held Held) Balance {
	b := Balance{
		EventsQueued: len(said.Events), EventsHeld: len(held.Events),
		PicturesAnswered: len(said.Pictures), PicturesHeld: len(held.Pictures),
	}
	b.compareEvents(said.Events, held.Events)
	b.comparePictures(said.Pictures, held.Pictures)
	slices.SortStableFunc(b.Findings, func(x, y Finding) int { return strings.Compare(string(x.Kind), string(y.Kind)) })
	return b
}

func (b *Balance) find(k Kind, eventID, format string, args ...any) {
	b.Findings = append(b.Findings, Finding{k, eventID, fmt.Sprintf(format, args...)})
}

func (b *Balance) compareEvents(queued, held []Event) {
	times, moments := make(map[string]int), make(map[string]string)
	for _, e := range held {
		times[e.ID]++
		if other, ok := moments[e.Moment]; ok && e.Moment != "" && other != e.ID {
			b.find(EventDoubled, e.ID, "is the same motion as %s", other)
		}
		moments[e.Moment] = e.ID
	}
	known := make(map[string]bool)
	for _, e := range queued {
		known[e.ID] = true
		switch n := times[e.ID]; {
		case n == 0:
			b.find(EventMissing, e.ID, "was queued and is not in the hub")
		case n > 1:
			b.find(EventDoubled, e.ID, "is in the hub %d times", n)
		}
	}
	for _, e := range held {
		if !known[e.ID] {
			b.find(EventUnknown, e.ID, "is in the hub and was never queued")
		}
	}
}

func (b *Balance) comparePictures(answered []Picture, held []HeldPicture) {
	times := make(map[Picture]int)
	for _, p := range held {
		times[p.Picture]++
		if p.BytesSHA2 != p.SHA256 {
			b.find(PictureTorn, p.EventID, "picture %s has bytes of %.12s and a record of %.12s", p.ID, p.BytesSHA2, p.SHA256)
		}
	}
	for p, n := range times {
		if n > 1 && p.EventID != "" {
			b.find(PictureDoubled, p.EventID, "the picture %.12s is in the hub %d times", p.SHA256, n)
		}
	}
	for _, p := range answered {
		if times[p] == 0 {
			b.find(PictureMissing, p.EventID, "the picture %.12s was answered with 200 and is not in the hub", p.SHA256)
		}
	}
}
