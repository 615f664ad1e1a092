package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// meter reads what this process and its descendants — the private Postgres and Redis — have used of the processors. It
// stands beside the rates because other work on the machine moves it less. Elsewhere than on Linux it is that of this
// process alone.
type meter struct {
	// others are the descendants as of newMeter: to look for them at each reading would itself cost as much as some of
	// what is measured.
	others []string
}

func newMeter() meter {
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		if fields := readStat(file); fields != nil {
			parents[pidOf(file)], _ = strconv.Atoi(fields[1])
		}
	}
	var m meter
	for pid := range parents {
		for at, steps := pid, 0; at > 1 && steps < len(parents); at, steps = parents[at], steps+1 {
			if parents[at] == os.Getpid() {
				m.others = append(m.others, filepath.Join("/proc", strconv.Itoa(pid), "stat"))
				break
			}
		}
	}
	return m
}

// A clock tick of /proc is 10 ms on every Linux that Go runs on (USER_HZ is part of the kernel's interface).
const tick = 10 * time.Millisecond

func (m meter) read() time.Duration {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return 0
	}
	total := time.Duration(self.Utime.Nano() + self.Stime.Nano())
	for _, file := range m.others {
		if fields := readStat(file); fields != nil {
			user, _ := strconv.Atoi(fields[11])
			system, _ := strconv.Atoi(fields[12])
			total += time.Duration(user+system) * tick
		}
	}
	return total
}

// readStat returns the fields behind the name, from the state on; nil when the process ended meanwhile.
func readStat(file string) []string {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	text := string(raw)
	// The name stands in brackets and may hold anything, also brackets.
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 13 {
		return nil
	}
	return fields
}

func pidOf(file string) int {
	pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
	return pid
}
