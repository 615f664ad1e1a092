// Package blobtest says what every media.Blobs must do. Each adapter's tests call
// Exercise with a function that makes an empty one.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"home.arpa/nestbox/services/internal/platform/fault"
	"home.arpa/nestbox/services/media"
)

// Exercise runs all claims, each on Blobs of its own.
func Exercise(t *testing.T, newBlobs func(t *testing.T) media.Blobs) {
	for name, claim := range map[string]func(t *testing.T, b media.Blobs){
		"what is committed comes back":           comesBack,
		"what is staged is not seen":             stagedIsNotSeen,
		"discard after commit changes nothing":   discardAfterCommit,
		"the same bytes can be committed again":  commitAgain,
		"many at once":                           manyAtOnce,
		"reading in parts":                       readingInParts,
		"what is not there":                      notThere,
		"remove passes over what is not there":   removeSome,
		"a reader survives removal or fails":     removedWhileOpen,
		"walk goes by id":                        walkGoesByID,
		"walk stops at an error":                 walkStops,
		"walk of nothing":                        walkOfNothing,
		"ids that are none are refused":          badIDs,
		"sweep leaves alone what is in use":      sweepLeavesUsed,
		"it is alive and tells its room":         alive,
		"large blobs":                            large,
		"a commit under a canceled context ends": canceled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			claim(t, newBlobs(t))
		})
	}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func stage(t *testing.T, b media.Blobs, content string) media.Staged {
	t.Helper()
	s, err := b.Stage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Discard() })
	if n, err := io.WriteString(s, content); err != nil || n != len(content) {
		t.Fatalf("Write = %d, %v", n, err)
	}
	return s
}

// put keeps content under a new id.
func put(t *testing.T, b media.Blobs, content string) string {
	t.Helper()
	id := newID()
	if err := stage(t, b, content).Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	return id
}

func want(t *testing.T, b media.Blobs, id, content string) {
	t.Helper()
	blob, err := b.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	got, err := io.ReadAll(blob)
	if err != nil || string(got) != content || blob.Size() != int64(len(content)) {
		t.Errorf("%d bytes of %d, %v; want %d", len(got), blob.Size(), err, len(content))
	}
	if n, err := b.Size(t.Context(), id); err != nil || n != int64(len(content)) {
		t.Errorf("Size = %d, %v; want %d", n, err, len(content))
	}
}

func wantNone(t *testing.T, b media.Blobs, id string) {
	t.Helper()
	if blob, err := b.Open(t.Context(), id); !errors.Is(err, media.ErrNoBlob) {
		t.Errorf("Open = %v, %v; want ErrNoBlob", blob, err)
	}
	if n, err := b.Size(t.Context(), id); !errors.Is(err, media.ErrNoBlob) {
		t.Errorf("Size = %d, %v; want ErrNoBlob", n, err)
	}
}

func walk(t *testing.T, b media.Blobs) (ids []string) {
	t.Helper()
	if err := b.Walk(t.Context(), func(e media.Entry) error {
		if e.ID != "" {
			ids = append(ids, e.ID)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return ids
}

func comesBack(t *testing.T, b media.Blobs) {
	id, other := put(t, b, "a picture"), put(t, b, "another picture")
	want(t, b, id, "a picture")
	want(t, b, other, "another picture")
}

func stagedIsNotSeen(t *testing.T, b media.Blobs) {
	s := stage(t, b, "half")
	if ids := walk(t, b); len(ids) != 0 {
		t.Errorf("walk finds %v", ids)
	}
	if err := s.Discard(); err != nil {
		t.Error(err)
	}
	if err := s.Discard(); err != nil {
		t.Errorf("second Discard: %v", err)
	}
	id := newID()
	if err := s.Commit(t.Context(), id); err == nil {
		t.Error("committed what was discarded")
	}
	wantNone(t, b, id)
}

func discardAfterCommit(t *testing.T, b media.Blobs) {
	s, id := stage(t, b, "kept"), newID()
	if err := s.Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := s.Discard(); err != nil {
		t.Error(err)
	}
	want(t, b, id, "kept")
}

func commitAgain(t *testing.T, b media.Blobs) {
	id := put(t, b, "the same")
	if err := stage(t, b, "the same").Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	want(t, b, id, "the same")
	if ids := walk(t, b); !slices.Equal(ids, []string{id}) {
		t.Errorf("walk finds %v", ids)
	}
}

func manyAtOnce(t *testing.T, b media.Blobs) {
	same, ids := newID(), make([]string, 12)
	var wg sync.WaitGroup
	for i := range ids {
		ids[i] = newID()
		wg.Go(func() {
			// Every second one writes the same bytes under the same id.
			if i%2 == 0 {
				ids[i] = same
			}
			s, err := b.Stage(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = s.Discard() }()
			if _, err := io.WriteString(s, "content"); err != nil {
				t.Error(err)
			}
			if err := s.Commit(t.Context(), ids[i]); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		want(t, b, id, "content")
	}
	if n := len(walk(t, b)); n != 7 {
		t.Errorf("walk finds %d, want 7", n)
	}
}

func readingInParts(t *testing.T, b media.Blobs) {
	content := strings.Repeat("0123456789", 1000)
	blob, err := b.Open(t.Context(), put(t, b, content))
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	for _, tc := range []struct {
		offset int64
		whence int
		at     int64
	}{{5000, io.SeekStart, 5000}, {-10, io.SeekEnd, 9990}, {0, io.SeekStart, 0}, {7, io.SeekCurrent, 17}} {
		at, err := blob.Seek(tc.offset, tc.whence)
		if err != nil || at != tc.at {
			t.Fatalf("Seek(%d, %d) = %d, %v; want %d", tc.offset, tc.whence, at, err, tc.at)
		}
		got := make([]byte, 10)
		if _, err := io.ReadFull(blob, got); err != nil || string(got) != content[at:at+10] {
			t.Errorf("at %d: %q, %v", at, got, err)
		}
	}
}

func notThere(t *testing.T, b media.Blobs) {
	wantNone(t, b, newID())
	put(t, b, "another")
	wantNone(t, b, newID())
}

func removeSome(t *testing.T, b media.Blobs) {
	first, second, third := put(t, b, "1"), put(t, b, "2"), put(t, b, "3")
	for range 2 {
		if err := b.Remove(t.Context(), []string{first, newID(), third}); err != nil {
			t.Fatal(err)
		}
	}
	wantNone(t, b, first)
	wantNone(t, b, third)
	want(t, b, second, "2")
	if err := b.Remove(t.Context(), nil); err != nil {
		t.Error(err)
	}
	// Where the last one went there is room for a new one.
	if err := b.Remove(t.Context(), []string{second}); err != nil {
		t.Fatal(err)
	}
	want(t, b, put(t, b, "4"), "4")
}

func removedWhileOpen(t *testing.T, b media.Blobs) {
	content := strings.Repeat("x", 100_000)
	id := put(t, b, content)
	blob, err := b.Open(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if err := b.Remove(t.Context(), []string{id}); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(blob)
	if err == nil && string(got) != content {
		t.Errorf("%d other bytes without an error", len(got))
	}
}

func walkGoesByID(t *testing.T, b media.Blobs) {
	// Ids of quite different times, as a folder of years has them.
	ids := []string{
		"018e0000-0000-7000-8000-000000000001", "018e0000-0000-7000-8000-000000000002",
		"018e0100-0000-7000-8000-000000000000", "0190abcd-0000-7000-8000-000000000000",
	}
	for _, i := range []int{2, 0, 3, 1} {
		if err := stage(t, b, strings.Repeat("x", i+1)).Commit(t.Context(), ids[i]); err != nil {
			t.Fatal(err)
		}
	}
	stage(t, b, "staged")
	var got []string
	if err := b.Walk(t.Context(), func(e media.Entry) error {
		if e.ID == "" {
			t.Errorf("unknown thing %q", e.Name)
		} else if at := slices.Index(ids, e.ID); e.Size != int64(at+1) || e.Name == "" {
			t.Errorf("%+v, want %d bytes", e, at+1)
		}
		got = append(got, e.ID)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, ids) {
		t.Errorf("walk goes %v, want %v", got, ids)
	}
}

func walkStops(t *testing.T, b media.Blobs) {
	put(t, b, "1")
	put(t, b, "2")
	calls := 0
	err := b.Walk(t.Context(), func(media.Entry) error { calls++; return io.ErrNoProgress })
	if !errors.Is(err, io.ErrNoProgress) || calls != 1 {
		t.Errorf("Walk = %v after %d calls", err, calls)
	}
}

func walkOfNothing(t *testing.T, b media.Blobs) {
	if ids := walk(t, b); len(ids) != 0 {
		t.Errorf("walk finds %v", ids)
	}
}

func badIDs(t *testing.T, b media.Blobs) {
	for _, id := range []string{
		"", ".", "..", "../../etc/passwd", "/etc/passwd", "a\x00b", strings.Repeat("a", 10_000),
		"018E0000-0000-7000-8000-000000000001", "{018e0000-0000-7000-8000-000000000001}", "018e000000007000800000000000001a",
		"urn:uuid:018e0000-0000-7000-8000-000000000001", "018e0000-0000-7000-8000-000000000001/..",
	} {
		if _, err := b.Open(t.Context(), id); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Open(%.40q) = %v, want Invalid", id, err)
		}
		if _, err := b.Size(t.Context(), id); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Size(%.40q) = %v, want Invalid", id, err)
		}
		if err := b.Remove(t.Context(), []string{id}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Remove(%.40q) = %v, want Invalid", id, err)
		}
		if err := stage(t, b, "x").Commit(t.Context(), id); fault.KindOf(err) != fault.Invalid {
			t.Errorf("Commit(%.40q) = %v, want Invalid", id, err)
		}
	}
	if ids := walk(t, b); len(ids) != 0 {
		t.Errorf("walk finds %v", ids)
	}
}

func sweepLeavesUsed(t *testing.T, b media.Blobs) {
	kept := put(t, b, "kept")
	s, id := stage(t, b, "under way"), newID()
	if n, err := b.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v", n, err)
	}
	if err := s.Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	want(t, b, id, "under way")
	want(t, b, kept, "kept")
}

func alive(t *testing.T, b media.Blobs) {
	if err := b.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if free, known, err := b.Free(t.Context()); err != nil || known && free <= 0 {
		t.Errorf("Free = %d, %v, %v", free, known, err)
	}
}

func large(t *testing.T, b media.Blobs) {
	content := bytes.Repeat([]byte("a picture of eight megabytes. "), 8<<20/30)
	s := stage(t, b, "")
	for rest := content; len(rest) > 0; {
		n := min(len(rest), 32<<10)
		if _, err := s.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	id := newID()
	if err := s.Commit(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	want(t, b, id, string(content))
}

// canceled: whatever Commit makes of it, it does not leave the blob half written.
func canceled(t *testing.T, b media.Blobs) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, id := stage(t, b, "whole or not at all"), newID()
	if err := s.Commit(ctx, id); err == nil {
		want(t, b, id, "whole or not at all")
	} else if _, err := b.Size(t.Context(), id); err == nil {
		want(t, b, id, "whole or not at all")
	}
}
