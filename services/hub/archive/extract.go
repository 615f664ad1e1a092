package archive

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
)

// Extract unpacks the archive src into the folder into, which must exist, be empty and be nobody else's business: when an
// error comes back, what lies there is worthless and the caller removes it. A nil error says that each file of the manifest
// is there with its sum, and nothing else. Nothing is ever written outside of the folder, whatever the archive says.
func Extract(ctx context.Context, src, into string) (Manifest, error) {
	f, err := os.Open(src)
	if err != nil {
		return Manifest{}, fmt.Errorf("open backup: %w", err)
	}
	defer f.Close()
	plain, err := decompress(bufio.NewReaderSize(f, 256<<10))
	if err != nil {
		return Manifest{}, fmt.Errorf("read backup %s: %w", src, err)
	}
	root, err := os.OpenRoot(into) // follows no symbolic link and no ".." to the outside
	if err != nil {
		return Manifest{}, fmt.Errorf("open folder to restore into: %w", err)
	}
	defer root.Close()
	m, err := extract(ctx, tar.NewReader(plain), root)
	if err != nil {
		return Manifest{}, fmt.Errorf("read backup %s: %w", src, err)
	}
	return m, nil
}

func decompress(r *bufio.Reader) (io.Reader, error) {
	if magic, err := r.Peek(2); err == nil && bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		return gzip.NewReader(r)
	}
	return r, nil
}

func extract(ctx context.Context, r *tar.Reader, root *os.Root) (Manifest, error) {
	found := make(map[string]Entry)
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return Manifest{}, errors.New("it ends before its manifest: it was cut, or it is no backup of Nestbox")
		}
		if err != nil {
			return Manifest{}, err
		}
		if err := ctx.Err(); err != nil {
			return Manifest{}, err
		}
		if h.Typeflag != tar.TypeReg {
			return Manifest{}, fmt.Errorf("%q is not a plain file", h.Name)
		}
		if h.Name == manifestName {
			return verify(r, h.Size, found)
		}
		if err := checkName(h.Name); err != nil {
			return Manifest{}, err
		}
		if found[h.Name], err = save(r, h, root); err != nil {
			return Manifest{}, err
		}
	}
}

// save writes one file, which must be new, through to the disk.
func save(r io.Reader, h *tar.Header, root *os.Root) (Entry, error) {
	if err := root.MkdirAll(path.Dir(h.Name), 0o700); err != nil {
		return Entry{}, err
	}
	f, err := root.OpenFile(h.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Entry{}, err // says the name; of a second entry of one name it says that it exists
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), r)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return Entry{}, fmt.Errorf("write %s: %w", h.Name, err)
	}
	return Entry{Name: h.Name, Bytes: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// verify compares what was found with the manifest, both ways.
func verify(r io.Reader, size int64, found map[string]Entry) (Manifest, error) {
	if size > maxManifest {
		return Manifest{}, errors.New("its manifest is too large to be one")
	}
	var m Manifest
	if err := json.NewDecoder(r).Decode(&m); err != nil {
		return Manifest{}, fmt.Errorf("its manifest: %w", err)
	}
	if m.Format != format {
		return Manifest{}, fmt.Errorf("it has format %d, and this program reads format %d: use the version that wrote it (%s) or a newer one",
			m.Format, format, m.Version)
	}
	var wrong []string
	for _, want := range m.Files {
		if found[want.Name] != want {
			wrong = append(wrong, want.Name)
		}
		delete(found, want.Name)
	}
	for name := range found {
		wrong = append(wrong, name)
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return Manifest{}, fmt.Errorf("%d of its files are not what the manifest says: %s", len(wrong), strings.Join(wrong[:min(3, len(wrong))], ", "))
	}
	return m, nil
}
