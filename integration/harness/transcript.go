package harness

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Transcript keeps what programs print, by whole lines. Its zero value is empty; several goroutines may use it.
type Transcript struct {
	mu    sync.Mutex
	lines []string
	part  []byte
	grown chan struct{} // closed when lines grow; nil while nobody waits
}

// Write implements io.Writer.
func (s *Transcript) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.part = append(s.part, p...)
	for {
		line, rest, found := bytes.Cut(s.part, []byte("\n"))
		if !found {
			return len(p), nil
		}
		s.lines = append(s.lines, string(bytes.TrimSuffix(line, []byte("\r"))))
		s.part = bytes.Clone(rest)
		if s.grown != nil {
			close(s.grown)
			s.grown = nil
		}
	}
}

func (s *Transcript) after(from int) ([]string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.grown == nil {
		s.grown = make(chan struct{})
	}
	return append([]string(nil), s.lines[from:]...), s.grown
}

// Len is the number of lines so far: what comes next is Await's from there.
func (s *Transcript) Len() int {
	lines, _ := s.after(0)
	return len(lines)
}

// Count is how many lines from number `from` on match.
func (s *Transcript) Count(from int, pattern *regexp.Regexp) int {
	lines, _ := s.after(from)
	n := 0
	for _, line := range lines {
		if pattern.MatchString(line) {
			n++
		}
	}
	return n
}

// Await waits until `count` lines from number `from` on have matched, and gives the last one's groups.
func (s *Transcript) Await(t *testing.T, from, count int, pattern *regexp.Regexp, patience time.Duration) []string {
	t.Helper()
	deadline := time.After(patience)
	for {
		lines, grown := s.after(from)
		for _, line := range lines {
			if m := pattern.FindStringSubmatch(line); m != nil {
				if count--; count == 0 {
					return m
				}
			}
		}
		from += len(lines)
		select {
		case <-grown:
		case <-deadline:
			t.Fatalf("%d more lines like %v did not come within %v", count, pattern, patience)
		}
	}
}

// Tail is the last lines.
func (s *Transcript) Tail() string {
	lines, _ := s.after(0)
	return lastOf(lines)
}

func (s *Transcript) String() string {
	lines, _ := s.after(0)
	return strings.Join(lines, "\n")
}
