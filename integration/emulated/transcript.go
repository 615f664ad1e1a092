package emulated

import (
	"bytes"
	"strings"
	"sync"
)

// Transcript is a console for Start that keeps whole lines. Its zero value is empty. It may be used by several goroutines.
type Transcript struct {
	mu    sync.Mutex
	lines []string
	part  []byte
	grown chan struct{} // closed when lines grow; nil while nobody waits
}

// Write implements io.Writer.
func (t *Transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.part = append(t.part, p...)
	for {
		line, rest, found := bytes.Cut(t.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		t.lines = append(t.lines, strings.TrimRight(string(line), "\r"))
		t.part = append([]byte(nil), rest...)
		if t.grown != nil {
			close(t.grown)
			t.grown = nil
		}
	}
}

// Lines gives the lines from number `from` on, and a channel that is closed when there are more.
func (t *Transcript) Lines(from int) ([]string, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.grown == nil {
		t.grown = make(chan struct{})
	}
	return append([]string(nil), t.lines[from:]...), t.grown
}

func (t *Transcript) String() string {
	lines, _ := t.Lines(0)
	return strings.Join(lines, "\n")
}
