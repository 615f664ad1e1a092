// Package archive writes and reads the one file that a backup is: a tar, gzipped when its name ends in .gz or .tgz, with a
// manifest of SHA-256 sums as its last entry. It knows which names may be in it; it opens no database.
//
// The manifest is last because a sum is known only once the file was read, and pictures are not read twice from an SD card.
// Nothing is believed before the manifest was checked: reading goes to a folder of its own, see Extract.
package archive

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"home.arpa/nestbox/services/hub/datadir"
)

// format is raised when an older program could not read what a newer one writes.
const format = 1

const manifestName = "manifest.json"

// maxManifest bounds the manifest in bytes: 200 bytes a picture, so two million pictures.
const maxManifest = 400 << 20

// Manifest is the last entry of an archive.
type Manifest struct {
	Format    int       `json:"format"`
	Version   string    `json:"version"` // of the program that wrote it
	CreatedAt time.Time `json:"created_at"`
	Files     []Entry   `json:"files"`
}

// Entry is a file of the archive.
type Entry struct {
	Name   string `json:"name"` // slash-separated, relative to the data folder
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"` // hex
}

// Bytes is the size of all files together.
func (m Manifest) Bytes() (total int64) {
	for _, f := range m.Files {
		total += f.Bytes
	}
	return total
}

// Pictures is how many of the files are pictures.
func (m Manifest) Pictures() (n int) {
	for _, f := range m.Files {
		if strings.HasPrefix(f.Name, datadir.Pictures+"/") {
			n++
		}
	}
	return n
}

var (
	singles = []string{datadir.TokenKey, datadir.RegistryDB, datadir.TelemetryDB, datadir.MediaDB}
	// picture has no dot but the last, so no "..", no hidden file, no drive and no backslash.
	picture = regexp.MustCompile(`^` + datadir.Pictures + `(/[A-Za-z0-9_-]{1,64}){1,3}\.jpg$`)
)

// checkName refuses what no hub ever writes; an archive may come from anywhere.
func checkName(name string) error {
	if slices.Contains(singles, name) || picture.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is no name that a backup contains: this is not a backup of Nestbox, or somebody changed it", name)
}

// compressed tells by the name of a file whether it is to be gzipped. Pictures do not shrink; the databases do.
func compressed(name string) bool {
	return strings.HasSuffix(name, ".gz") || strings.HasSuffix(name, ".tgz")
}
