package emulated

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A section that the linker kept, in its map: name, address, size, file. Long names stand on a line of their own.
var keptSection = regexp.MustCompile(`(?m)^ (\.[a-z]+)\S*\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+\.o)$`)

// What the core may call without having written it: the C library's memory and string functions, the compiler's arithmetic, and
// where a failed assertion goes.
var allowedCall = regexp.MustCompile(`^(mem|str)[a-z]+$|^__[a-z]+[ds]i3$|^__assert_func$`)

// measureCore gives the bytes that the core takes in the linked firmware, and the functions that it calls and should not.
func measureCore(t *testing.T, dir string) (text, ram int, foreign []string) {
	t.Helper()
	linkMap, err := os.ReadFile(filepath.Join(dir, "firmware.elf.map"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range keptSection.FindAllStringSubmatch(string(linkMap), -1) {
		size, err := strconv.ParseInt(m[3], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Trim(m[2], "0") == "" || !strings.Contains(m[4], "/core/src/") || strings.Contains(m[4], "lwip") {
			continue
		}
		switch m[1] {
		case ".text", ".literal", ".rodata":
			text += int(size)
		case ".data", ".bss":
			ram += int(size)
		}
	}
	// What the application gives the core to work in.
	states := 0
	for _, symbol := range symbols(t, filepath.Join(dir, "firmware.elf")) {
		name, _, _ := strings.Cut(symbol.Name, "$")
		if slices.Contains([]string{"s_camera", "s_settings", "s_store"}, name) {
			ram += int(symbol.Size)
			states++
		}
	}
	if text == 0 || states != 3 {
		t.Fatalf("the link map tells of %d bytes of core and %d states: has their form changed?", text, states)
	}
	return text, ram, foreignCalls(t, filepath.Join(dir, "core", "src"))
}

func foreignCalls(t *testing.T, objects string) (foreign []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(objects, "*.o"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no objects of the core in %s: %v", objects, err)
	}
	own, called := map[string]bool{}, map[string]bool{}
	for _, file := range files {
		for _, symbol := range symbols(t, file) {
			if symbol.Section != elf.SHN_UNDEF {
				own[symbol.Name] = true
			} else if symbol.Name != "" {
				called[symbol.Name] = true
			}
		}
	}
	for name := range called {
		if !own[name] && !allowedCall.MatchString(name) {
			foreign = append(foreign, name)
		}
	}
	slices.Sort(foreign)
	return foreign
}

func symbols(t *testing.T, path string) []elf.Symbol {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	all, err := file.Symbols()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return all
}
