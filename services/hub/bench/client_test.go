package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// request is a rendered HTTP request with a field of fixed width, at each of the offsets, in which a number is counted
// up so that no two requests are repeats of each other.
type request struct {
	raw    []byte
	fields []field
}

// field is where a number stands, in decimal and filled to its width; it grows by step with each sending.
type field struct {
	at, width   int
	start, step uint64
}

// counterMark marks a field in a template: as many digits as the field is wide, of the value that it begins with.
type counterMark struct {
	text string
	step uint64
}

// render builds a request. Each mark must be in the head or the body exactly as often as it should be counted.
func render(method, path string, header []string, body []byte, marks ...counterMark) request {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: hub\r\n", method, path)
	for _, line := range header {
		b.WriteString(line + "\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(body))
	b.Write(body)
	r := request{raw: b.Bytes()}
	for _, mark := range marks {
		start, err := strconv.ParseUint(mark.text, 10, 64)
		if err != nil {
			panic(err)
		}
		for from := 0; ; {
			i := bytes.Index(r.raw[from:], []byte(mark.text))
			if i < 0 {
				break
			}
			r.fields = append(r.fields, field{from + i, len(mark.text), start, mark.step})
			from += i + len(mark.text)
		}
	}
	return r
}

// number writes the n-th values into the request's fields.
func (r *request) number(n uint64) {
	for _, f := range r.fields {
		value := f.start + n*f.step
		for i := f.at + f.width - 1; i >= f.at; i-- {
			r.raw[i] = byte('0' + value%10)
			value /= 10
		}
	}
}

// load is a set of clients, each with one kept-alive connection to one server, that send the same kind of request.
// Requests rotate over devices, so that no device is faster than any camera can be.
type load struct {
	addr    string
	clients []*client
}

type client struct {
	conn     net.Conn
	reader   *bufio.Reader
	requests []request
	sent     uint64
}

// newLoad connects n clients. Device i is spoken for by client i modulo n only, so that a device's numbers count up in
// order.
func newLoad(addr string, n int, requests []request) (*load, error) {
	l := &load{addr: addr}
	for i := range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			l.close()
			return nil, err
		}
		c := &client{conn: conn, reader: bufio.NewReaderSize(conn, 4096)}
		for j := i; j < len(requests); j += n {
			own := requests[j]
			own.raw = bytes.Clone(own.raw)
			c.requests = append(c.requests, own)
		}
		l.clients = append(l.clients, c)
	}
	return l, nil
}

func (l *load) close() {
	for _, c := range l.clients {
		_ = c.conn.Close()
	}
}

// run sends for d and returns how many requests were answered with 200 in how much time.
func (l *load) run(d time.Duration) (answered uint64, took time.Duration, err error) {
	var (
		wg    sync.WaitGroup
		total atomic.Uint64
		fails = make([]error, len(l.clients))
	)
	start := time.Now()
	end := start.Add(d)
	for i, c := range l.clients {
		wg.Go(func() {
			n := uint64(0)
			for time.Now().Before(end) && fails[i] == nil {
				if fails[i] = c.exchange(); fails[i] == nil {
					n++
				}
			}
			total.Add(n)
		})
	}
	wg.Wait()
	return total.Load(), time.Since(start), errors.Join(fails...)
}

func (c *client) exchange() error {
	r := &c.requests[c.sent%uint64(len(c.requests))]
	r.number(c.sent / uint64(len(c.requests)))
	c.sent++
	if _, err := c.conn.Write(r.raw); err != nil {
		return err
	}
	return c.readAnswer()
}

var contentLength = []byte("content-length:")

// readAnswer reads one answer by its Content-Length. Anything but 200 is an error that quotes the body.
func (c *client) readAnswer() error {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok := bytes.HasPrefix(line, []byte("HTTP/1.1 200"))
	status := ""
	if !ok {
		status = strings.TrimSpace(string(line))
	}
	length := -1
	for {
		line, err = c.reader.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			break
		}
		if len(line) > len(contentLength) && bytes.EqualFold(line[:len(contentLength)], contentLength) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(contentLength):]))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return errors.New("an answer has no Content-Length")
	}
	if ok {
		_, err = c.reader.Discard(length)
		return err
	}
	body := make([]byte, min(length, 500))
	n, _ := c.reader.Read(body)
	return fmt.Errorf("answered with %s: %s", status, body[:n])
}
