//go:build !linux

package doctor

func synchronised() string { return "" }
