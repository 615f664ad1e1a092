package harness

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Gate stands between a camera and a hub, and can take the hub's place.
type Gate struct {
	URL string

	hub string // host:port
	met atomic.Int64
	mu  sync.Mutex
	lie []byte              // nil: pass everything on
	all map[net.Conn]string // that are open, to be hung up on when the gate turns
}

// StartGate starts an open one.
func StartGate(t *testing.T, hubURL string) *Gate {
	t.Helper()
	hub, err := url.Parse(hubURL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &Gate{URL: "http://" + listener.Addr().String(), hub: hub.Host, all: make(map[net.Conn]string)}
	t.Cleanup(func() {
		_ = listener.Close() // ends the loop
		g.turn(nil)
	})
	go func() {
		for {
			camera, err := listener.Accept()
			if err != nil {
				return
			}
			go g.serve(camera)
		}
	}()
	return g
}

// Met is how many requests have been lied to so far.
func (g *Gate) Met() int { return int(g.met.Load()) }

// Lie gives every request this answer from now on, and hangs up. It returns Met.
func (g *Gate) Lie(answer []byte) int {
	g.turn(answer)
	return g.Met()
}

// Open passes everything on to the hub again.
func (g *Gate) Open() { g.turn(nil) }

func (g *Gate) turn(lie []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lie = lie
	for c := range g.all {
		_ = c.Close()
	}
	clear(g.all)
}

// keep notes a connection, and gives the lie that it is to be told.
func (g *Gate) keep(c net.Conn) []byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all[c] = ""
	return g.lie
}

func (g *Gate) serve(camera net.Conn) {
	defer camera.Close()
	lie := g.keep(camera)
	if lie == nil {
		g.forward(camera)
		return
	}
	req, err := http.ReadRequest(bufio.NewReader(camera))
	if err != nil {
		return
	}
	_, _ = io.Copy(io.Discard, req.Body)
	_, _ = camera.Write(lie) // the camera may hang up on a liar
	g.met.Add(1)
}

func (g *Gate) forward(camera net.Conn) {
	hub, err := net.Dial("tcp", g.hub)
	if err != nil {
		return
	}
	defer hub.Close()
	go func() {
		_, _ = io.Copy(hub, camera)
		_ = hub.Close()
	}()
	_, _ = io.Copy(camera, hub)
}

// Garbage gives answers that no hub gives, by name.
func Garbage() map[string][]byte {
	const ok = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	return map[string][]byte{
		"nothing":              {},
		"zeros":                make([]byte, 4096),
		"another protocol":     []byte("SSH-2.0-OpenSSH_9.9\r\n"),
		"endless headers":      []byte(ok + strings.Repeat("X-Header: and another one\r\n", 100_000)),
		"a header without end": []byte(ok + "X: " + strings.Repeat("x", 1<<20)),
		"a body too long":      []byte(ok + "Content-Length: 1000000\r\n\r\n" + strings.Repeat("{", 1_000_000)),
		"a length beyond all":  []byte(ok + "Content-Length: 99999999999999999999999\r\n\r\n{}"),
		"a negative length":    []byte(ok + "Content-Length: -1\r\n\r\n{}"),
		"chunks without end":   []byte(ok + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("1\r\n{\r\n", 100_000)),
		"a chunk beyond all":   []byte(ok + "Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}"),
		"half a body":          []byte(ok + "Content-Length: 100\r\n\r\n{\"status\":\"ok\""),
		"deep JSON":            []byte(ok + "Content-Length: 3000\r\n\r\n" + strings.Repeat("[", 3000)),
		"JSON of other types":  []byte(ok + "Content-Length: 46\r\n\r\n" + `{"status":{"a":[1]},"next_heartbeat_ms":"now"}`),
		"a redirect":           []byte("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"),
		"a status of no kind":  []byte("HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n"),
		"a failure":            []byte("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
		"interim without end":  []byte(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 100_000)),
	}
}
