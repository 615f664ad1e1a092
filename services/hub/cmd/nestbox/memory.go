package main

import "runtime/debug"

// tuneMemory trades a little work of the collector for memory; see README.md for what was measured. GOGC and GOMEMLIMIT win.
func tuneMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}
