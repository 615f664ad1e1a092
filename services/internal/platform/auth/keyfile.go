package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	privateBlock = "PRIVATE KEY"
	publicBlock  = "PUBLIC KEY"
)

// LoadOrCreateKey returns the Ed25519 key in the PKCS#8 PEM file at path. When there
// is no file it makes a key and stores it, readable by the owner only, so that a
// crash leaves either no key or a whole one; of two processes that do so at once,
// both get the key of the winner. A file that is there is never overwritten.
func LoadOrCreateKey(path string) (ed25519.PrivateKey, error) {
	key, err := loadKey(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	if err := createKey(path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create token key %s: %w", path, err)
	}
	return loadKey(path)
}

// loadKey asks nothing about the permissions: mounted Kubernetes secrets are
// readable by a group, on purpose.
func loadKey(path string) (ed25519.PrivateKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read token key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != privateBlock {
		return nil, fmt.Errorf("read token key %s: no PEM block %q", path, privateBlock)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read token key %s: %w", path, err)
	}
	key, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read token key %s: it is a %T, not an Ed25519 key", path, parsed)
	}
	return key, nil
}

func createKey(path string) (err error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("generate: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	// CreateTemp makes the file 0600.
	tmp, err := os.CreateTemp(filepath.Dir(path), ".token-key-*")
	if err != nil {
		return fmt.Errorf("temporary file: %w", err)
	}
	defer os.Remove(tmp.Name())
	if err := errors.Join(
		pem.Encode(tmp, &pem.Block{Type: privateBlock, Bytes: der}), tmp.Sync(), tmp.Close(),
	); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	// Link and not rename: it fails when another process was first. Disks that
	// cannot link (exFAT sticks) get the rename.
	if err := os.Link(tmp.Name(), path); errors.Is(err, fs.ErrExist) {
		return err
	} else if err != nil {
		if err := os.Rename(tmp.Name(), path); err != nil {
			return fmt.Errorf("put in place: %w", err)
		}
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("open folder: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// PublicPEM returns the public half of key as a PKIX PEM block, for the services
// that only verify.
func PublicPEM(key ed25519.PrivateKey) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil { // an Ed25519 key always encodes
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: publicBlock, Bytes: der})
}

// LoadPublicKeys returns the Ed25519 keys in the PKIX PEM file at path, at least
// one. Several blocks mean a rotation: put the new key in first everywhere, then
// sign with it, then take the old one out.
func LoadPublicKeys(path string) ([]ed25519.PublicKey, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read token public keys: %w", err)
	}
	var keys []ed25519.PublicKey
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != publicBlock {
			return nil, fmt.Errorf("read token public keys %s: unexpected PEM block %q", path, block.Type)
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read token public keys %s: %w", path, err)
		}
		key, ok := parsed.(ed25519.PublicKey)
		if !ok {
			return nil, fmt.Errorf("read token public keys %s: found a %T, not an Ed25519 key", path, parsed)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("read token public keys %s: no PEM block %q", path, publicBlock)
	}
	return keys, nil
}
