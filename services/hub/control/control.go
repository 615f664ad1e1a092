// Package control is the door by which the owner of the data folder reaches the hub without a password: a Unix socket in a
// folder that nobody else may enter. It moves HTTP; what is behind the door is handed in.
//
// The other ways were weighed. Writing the database beside a running hub would need a second process that knows the rules
// of the registry, and a hub that polls for what others wrote. A signal carries no answer. A loopback port is open to every
// user of the machine. Whoever can open this socket could read the signing key beside it anyway, so it gives nothing away.
package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// maxSocketPath is the least that any system allows for a Unix socket's path (macOS: 104 bytes with the final zero).
const maxSocketPath = 103

// Listen makes the socket and the 0700 folder around it. The caller holds the lock of the data folder, so a socket that is
// there already was left by a process that is gone. Closing the listener removes the socket; the end of ctx does not.
func Listen(ctx context.Context, path string) (net.Listener, error) {
	folder := filepath.Dir(path)
	// The folder is what protects: a socket is reachable between its creation and its chmod.
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make folder of control socket: %w", err)
	}
	if err := os.Chmod(folder, 0o700); err != nil { //nolint:gosec // a folder needs the x bit
		return nil, fmt.Errorf("close folder of control socket to others: %w", err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("remove old control socket: %w", err)
	}
	var l net.Listener
	err := short(path, func(name string) (err error) {
		l, err = new(net.ListenConfig).Listen(ctx, "unix", name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listen on control socket: %w", err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it may know the path by a name that is gone
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, fmt.Errorf("protect control socket: %w", err)
	}
	return &listener{Listener: l, path: path}, nil
}

type listener struct {
	net.Listener
	path string
}

func (l *listener) Close() error {
	err := l.Listener.Close()
	if rm := os.Remove(l.path); rm != nil && !errors.Is(rm, fs.ErrNotExist) {
		err = errors.Join(err, rm)
	}
	return err
}

// Transport carries requests to the hub behind the socket, whatever host their URLs name.
func Transport(path string) http.RoundTripper {
	return &http.Transport{
		DisableKeepAlives:     true,
		ResponseHeaderTimeout: 30 * time.Second,
		DialContext: func(ctx context.Context, _, _ string) (c net.Conn, err error) {
			err = short(path, func(name string) error {
				c, err = new(net.Dialer).DialContext(ctx, "unix", name)
				return err
			})
			return c, err
		},
	}
}

// short calls use with a name of path that fits into a socket address. Data folders may lie deeper than that allows; Linux
// then reaches the folder by a descriptor.
func short(path string, use func(name string) error) error {
	if len(path) <= maxSocketPath {
		return use(path)
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	return use(fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path)))
}
