package doctor

import "golang.org/x/sys/unix"

// synchronised says whether the kernel believes that something keeps the clock right.
func synchronised() string {
	var t unix.Timex
	state, err := unix.Adjtimex(&t)
	switch {
	case err != nil:
		return ""
	case state == unix.TIME_ERROR || t.Status&unix.STA_UNSYNC != 0:
		return ", not kept by NTP"
	}
	return ", kept by NTP"
}
