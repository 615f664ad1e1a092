package bench

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cpuTime is what this process and its descendants — the private Postgres and Redis — have used of the processors. It
// is read beside the rates because other work on the machine moves it less. Elsewhere than on Linux it is that of this
// process alone.
func cpuTime() time.Duration {
	var self syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err != nil {
		return 0
	}
	total := time.Duration(self.Utime.Nano() + self.Stime.Nano())
	processes := readProcesses()
	for pid := range processes {
		if descends(processes, pid) {
			total += processes[pid].used
		}
	}
	return total
}

type process struct {
	parent int
	used   time.Duration
}

func descends(processes map[int]process, pid int) bool {
	for range len(processes) {
		parent := processes[pid].parent
		if parent == os.Getpid() {
			return true
		}
		if parent <= 1 {
			return false
		}
		pid = parent
	}
	return false
}

// A clock tick of /proc is 10 ms on every Linux that Go runs on (USER_HZ is part of the kernel's interface).
const tick = 10 * time.Millisecond

func readProcesses() map[int]process {
	all := map[int]process{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			continue // it ended meanwhile
		}
		// The second field is the name in brackets and may hold anything, also brackets.
		_, rest, found := strings.Cut(string(raw[strings.LastIndexByte(string(raw), ')')+1:]), " ")
		fields := strings.Fields(rest)
		if !found || len(fields) < 13 {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		parent, _ := strconv.Atoi(fields[1])
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		all[pid] = process{parent, time.Duration(user+system) * tick}
	}
	return all
}
