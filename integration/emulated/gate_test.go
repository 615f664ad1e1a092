package emulated

import (
	"io"
	"net"
	"net/url"
	"sync/atomic"
	"testing"
)

// gate stands between the cameras and the hub. While it is shut, who connects is hung up on.
type gate struct {
	url  string
	shut atomic.Bool
}

func startGate(t *testing.T, hubURL string) *gate {
	t.Helper()
	to, err := url.Parse(hubURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	g := &gate{url: "http://" + listener.Addr().String()}
	go func() {
		for {
			camera, err := listener.Accept()
			if err != nil {
				return
			}
			if g.shut.Load() {
				_ = camera.Close()
				continue
			}
			go forward(camera, to.Host)
		}
	}()
	return g
}

func forward(camera net.Conn, to string) {
	defer camera.Close()
	hub, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer hub.Close()
	go func() {
		_, _ = io.Copy(hub, camera)
		_ = hub.Close() // the camera's power is off: the hub hears of it as by a lost connection
	}()
	_, _ = io.Copy(camera, hub)
}
