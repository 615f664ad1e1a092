// Command render draws the scenes that the virtual and the emulated cameras see.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"home.arpa/nestbox/firmware/scenes/scene"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// names collects --scene options.
type names []string

func (n *names) String() string     { return strings.Join(*n, " ") }
func (n *names) Set(v string) error { *n = append(*n, v); return nil }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("render", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var wanted names
	out := flags.String("out", "", "folder for the packs; NAME.scene each")
	stills := flags.String("stills", "", "folder for the VGA pictures as files, to look at")
	flags.Var(&wanted, "scene", "only this scene; may be given again")
	flags.Usage = func() {
		_, _ = fmt.Fprintf(stderr, "usage: render --out DIR [--scene NAME…] [--stills DIR]\n\n")
		flags.PrintDefaults()
		_, _ = fmt.Fprintln(stderr, "\nscenes:")
		for _, script := range scene.All() {
			_, _ = fmt.Fprintf(stderr, "  %-8s %s\n", script.Name, script.About)
		}
	}
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case *out == "" || flags.NArg() > 0:
		flags.Usage()
		return 2
	}
	if err := render(*out, *stills, wanted, stdout); err != nil {
		_, _ = fmt.Fprintln(stderr, "render:", err)
		return 1
	}
	return 0
}

func render(out, stills string, wanted []string, stdout io.Writer) error {
	scripts := scene.All()
	for _, name := range wanted {
		if !slices.ContainsFunc(scripts, func(s scene.Script) bool { return s.Name == name }) {
			return fmt.Errorf("no scene %q", name)
		}
	}
	if err := os.MkdirAll(out, 0o750); err != nil {
		return err
	}
	renderer := scene.NewRenderer()
	for _, script := range scripts {
		if len(wanted) > 0 && !slices.Contains(wanted, script.Name) {
			continue
		}
		p, err := renderer.Render(script)
		if err != nil {
			return fmt.Errorf("render %s: %w", script.Name, err)
		}
		data := p.Encode()
		if err := replace(filepath.Join(out, script.Name+".scene"), data); err != nil {
			return err
		}
		_, _ = fmt.Fprintf(stdout, "%-8s %3.0f s %4d frames %5d KB\n", script.Name, script.Loop, len(p.Frames), len(data)/1000)
		if stills == "" {
			continue
		}
		if err := os.MkdirAll(stills, 0o750); err != nil {
			return err
		}
		for _, frame := range p.Frames {
			name := fmt.Sprintf("%s-%06d.jpg", script.Name, frame.AtMS)
			if err := replace(filepath.Join(stills, name), frame.JPEGs[len(frame.JPEGs)-1]); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace writes a file as a whole or not at all, so that make never takes half of one for done.
func replace(path string, data []byte) error {
	if err := os.WriteFile(path+".part", data, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
