package broken

import (
	"bytes"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestEveryEditStillApplies(t *testing.T) {
	t.Parallel()
	for _, d := range slices.Concat(Defects, []Defect{ClockAhead("telemetry")}) {
		path, err := d.path()
		if err != nil {
			t.Fatal(err)
		}
		text, err := d.edited(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if formatted, err := format.Source(text); err != nil || !bytes.Equal(formatted, text) {
			t.Errorf("%s: the edited file is not formatted Go: %v", d.Name, err)
		}
	}
}

func TestAnEditThatDoesNotMatchOnceIsRefused(t *testing.T) {
	t.Parallel()
	for old, times := range map[string]string{"no such text": " 0 times", "return": " times"} {
		d := EventDropped
		d.Name, d.old = "moved-"+strings.Fields(old)[0], old
		t.Cleanup(func() { _ = os.RemoveAll(d.folder()) })
		_, err := Build(d)
		if err == nil || !strings.Contains(err.Error(), d.Name) || !strings.Contains(err.Error(), times) || !strings.Contains(err.Error(), d.file) {
			t.Errorf("the error is %v; want one that names the build, the file and how often the text is in it", err)
		}
	}
	if _, err := Build(ClockAhead("postgres")); err == nil {
		t.Error("a service that there is not was built")
	}
}

func TestFlagsAreThoseOfTheShippedPrograms(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"docker/services.Dockerfile": "CGO_ENABLED=0 go build -trimpath -tags " + tags + ` -ldflags "` + ldflags + "$",
		"Makefile":                   ":= " + tags + "\n",
	} {
		text, err := os.ReadFile(filepath.Join(root(), file))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s builds in another way than %q: %v", file, want, err)
		}
	}
}

func TestEveryBrokenProgramRuns(t *testing.T) {
	t.Parallel()
	for _, d := range slices.Concat(Defects, []Defect{ClockAhead("telemetry")}) {
		t.Run(d.Name, func(t *testing.T) {
			start := time.Now()
			program, err := Build(d)
			if err != nil {
				t.Fatal(err)
			}
			first := time.Since(start)
			start = time.Now()
			if _, err := Build(d); err != nil {
				t.Fatal(err)
			}
			t.Logf("built in %v, and again in %v", first.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
			out, err := exec.CommandContext(t.Context(), program, "version").CombinedOutput()
			if want := d.Service + " broken-" + d.Name + "\n"; err != nil || string(out) != want {
				t.Errorf("version prints %q, %v; want %q", out, err, want)
			}
		})
	}
}

// clock prints the Unix time that it believes in, and how often its timers were off.
const clock = `package main

import (
	"context"
	"fmt"
	"time"
)

func main() {
	const pause = 200 * time.Millisecond
	wrong := 0
	check := func(start time.Time) {
		if d := time.Since(start); d < pause || d > time.Minute {
			wrong++
		}
	}
	start := time.Now()
	time.Sleep(pause)
	check(start)
	start = time.Now()
	<-time.After(pause)
	check(start)
	start = time.Now()
	ctx, cancel := context.WithDeadline(context.Background(), start.Add(pause))
	defer cancel()
	<-ctx.Done()
	check(start)
	ctx, cancel = context.WithDeadline(context.Background(), time.Unix(0, time.Now().UnixNano()).Add(pause)) // without a monotonic time
	defer cancel()
	start = time.Now()
	<-ctx.Done()
	if time.Since(start) > time.Minute {
		wrong++
	}
	fmt.Println(time.Now().Unix(), wrong)
}
`

func TestClockAheadIsAnHourAheadAndItsTimersAreRight(t *testing.T) {
	t.Parallel()
	d := ClockAhead("telemetry")
	dir := t.TempDir()
	source, program := filepath.Join(dir, "clock.go"), filepath.Join(dir, "clock")
	if err := os.WriteFile(source, []byte(clock), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.build(program, source); err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	out, err := exec.CommandContext(t.Context(), program).Output()
	if err != nil {
		t.Fatal(err)
	}
	after := time.Now()
	said := strings.Fields(string(out))
	seconds, err := strconv.ParseInt(said[0], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(seconds, 0)
	if at.Before(before.Add(time.Hour-time.Second)) || at.After(after.Add(time.Hour+time.Second)) {
		t.Errorf("its clock shows %v between %v and %v; want an hour more", at, before, after)
	}
	if said[1] != "0" {
		t.Errorf("%s of its timers were off", said[1])
	}
}
