package main

import (
	"errors"
	"io/fs"
	"testing"
)

func TestIDNamesTheHubByItsPlaceOrElseTheMachine(t *testing.T) {
	t.Parallel()
	file := func(content string, err error) func(string) ([]byte, error) {
		return func(string) ([]byte, error) { return []byte(content), err }
	}
	name := func(n string, err error) func() (string, error) { return func() (string, error) { return n, err } }
	id := func(s advertised, readFile func(string) ([]byte, error), hostname func() (string, error)) string {
		got, err := s.stableID(readFile, hostname)
		if err != nil || len(got) != 6 {
			t.Fatalf("%+v: id %q, %v", s, got, err)
		}
		return got
	}
	proxy := advertised{Address: "Traefik", Port: 5000}
	if id(proxy, file("a\n", nil), name("pi", nil)) != id(advertised{Address: "traefik", Port: 5000}, file("b\n", nil), name("nas", nil)) {
		t.Error("two machines name the same address differently")
	}
	here := advertised{Port: 5000}
	if id(here, file("a\n", nil), name("pi", nil)) != id(here, file("a", nil), name("renamed", nil)) {
		t.Error("the id changes with the machine's name, though the machine has its own")
	}
	seen := map[string]bool{}
	for _, got := range []string{
		id(proxy, file("a\n", nil), name("pi", nil)),
		id(advertised{Address: "traefik", Port: 80}, file("a\n", nil), name("pi", nil)),
		id(here, file("a\n", nil), name("pi", nil)),
		id(here, file("b\n", nil), name("pi", nil)),
		id(here, file("", fs.ErrNotExist), name("pi", nil)),
		id(here, file("\n", nil), name("nas", nil)),
	} {
		if seen[got] {
			t.Errorf("two hubs have the id %s", got)
		}
		seen[got] = true
	}
	if got, err := here.stableID(file("", fs.ErrNotExist), name("", errors.New("no name"))); err == nil {
		t.Errorf("made %q of nothing", got)
	}
}
