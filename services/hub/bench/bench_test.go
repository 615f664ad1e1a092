package bench

import (
	"flag"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/pgtest"
)

var (
	clients = flag.Int("clients", 8, "concurrent clients, each with one kept-alive connection")
	rounds  = flag.Int("rounds", 31, "rounds of one slice for each side")
	slice   = flag.Duration("slice", 250*time.Millisecond, "length of a slice")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := pgtest.Main(m)
	printTable(os.Stdout)
	os.Exit(code)
}

// path is a call that is measured.
type path struct {
	name    string
	request func(camera) request
}

var paths = struct{ heartbeat, motion, picture path }{
	heartbeat: path{"heartbeat", camera.heartbeat},
	motion:    path{"motion", camera.motion},
	picture:   path{"picture", func(c camera) request { return c.upload(frame) }},
}

var frame = picture()

// target is a hub under load: where each path is served, and the cameras that it admitted.
type target struct {
	variant string
	cameras []camera
	addr    map[string]string // by the path's name
	// gcPercent is how the program of this variant sets the collector; the bare handler has Go's default.
	gcPercent int
}

// compare measures one path of a target against the bare handler and reports it.
func compare(tb testing.TB, p path, t target, aim float64) {
	tb.Helper()
	bare := turn{load: connect(tb, listen(tb, bareEngine()), requests(strangers(), p.request)), gcPercent: 100}
	real := turn{load: connect(tb, t.addr[p.name], requests(t.cameras, p.request)), gcPercent: t.gcPercent}
	if err := measure(&bare, &real, *rounds, *slice); err != nil {
		tb.Fatalf("%s %s: %v", p.name, t.variant, err)
	}
	report(row{p.name, t.variant, bare.side, real.side, aim})
}

func connect(tb testing.TB, addr string, requests []request) *load {
	tb.Helper()
	l, err := newLoad(addr, *clients, requests)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(l.close)
	return l
}

// listen serves handler on loopback until the test ends and returns the address.
func listen(tb testing.TB, handler http.Handler) string {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(ln)
	}()
	tb.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return ln.Addr().String()
}

// BenchmarkControl compares the bare handler with itself: how far from 1 its ratio is, and how wide its range is, is what
// the other rows are to be trusted with.
func BenchmarkControl(b *testing.B) {
	addr := listen(b, bareEngine())
	compare(b, paths.heartbeat, target{
		variant: "bare again", cameras: strangers(), addr: map[string]string{"heartbeat": addr}, gcPercent: 100,
	}, 0)
}

func BenchmarkEmbedded(b *testing.B) {
	t := embedded(b)
	compare(b, paths.heartbeat, t, 0.7)
	compare(b, paths.motion, t, 0)
	compare(b, paths.picture, t, 0)
}

func BenchmarkServed(b *testing.B) {
	t := served(b)
	compare(b, paths.heartbeat, t, 0.6)
	compare(b, paths.motion, t, 0)
	compare(b, paths.picture, t, 0)
}
