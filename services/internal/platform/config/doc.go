// Package config turns the environment into a struct, once, in main.
//
// It owns how settings are named, how all problems of a configuration are reported
// together, and how secrets stay out of what is printed. It refuses to know any
// setting: each program has its own struct, with its defaults in one literal.
package config
