package auth_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"home.arpa/nestbox/services/internal/platform/auth"
)

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token.key")
	keys := make([]ed25519.PrivateKey, 8)
	var wg sync.WaitGroup
	for i := range keys { // as many starts at once
		wg.Go(func() {
			var err error
			if keys[i], err = auth.LoadOrCreateKey(path); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, k := range keys {
		if !bytes.Equal(k, keys[0]) {
			t.Fatal("two starts got different keys")
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("leftovers: %v", left)
	}
}

func TestKeyFileThatIsNoKeyIsReportedAndKept(t *testing.T) {
	t.Parallel()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	private, _ := key(t)
	for name, content := range map[string][]byte{
		"empty":   nil,
		"garbage": []byte("garbage"),
		"cut":     []byte("-----BEGIN PRIVATE KEY-----\nMC4CAQAw"),
		"public":  auth.PublicPEM(private),
		"broken":  pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("x")}),
		"P-256":   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	} {
		path := filepath.Join(t.TempDir(), "token.key")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := auth.LoadOrCreateKey(path); err == nil {
			t.Errorf("%s: accepted", name)
		}
		if after, _ := os.ReadFile(path); !bytes.Equal(after, content) {
			t.Errorf("%s: the file was changed", name)
		}
	}
	if _, err := auth.LoadOrCreateKey(filepath.Join(t.TempDir(), "no", "folder")); err == nil {
		t.Error("a key in a folder that is not there")
	}
}

func TestLoadPublicKeys(t *testing.T) {
	t.Parallel()
	first, firstPublic := key(t)
	second, secondPublic := key(t)
	path := filepath.Join(t.TempDir(), "public.pem")
	write := func(parts ...[]byte) {
		if err := os.WriteFile(path, bytes.Join(parts, nil), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write([]byte("# new\n"), auth.PublicPEM(first), []byte("# old\n"), auth.PublicPEM(second))
	keys, err := auth.LoadPublicKeys(path)
	if err != nil || len(keys) != 2 || !keys[0].Equal(firstPublic) || !keys[1].Equal(secondPublic) {
		t.Errorf("got %v, %v", keys, err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(first)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"empty":       nil,
		"private key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		"broken":      pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: []byte("x")}),
	} {
		write(content)
		if _, err := auth.LoadPublicKeys(path); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := auth.LoadPublicKeys(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("keys out of no file")
	}
}
