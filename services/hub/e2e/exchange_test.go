package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// exchange writes a request to a socket as it stands, since net/http's client would clean a path, refuse a NUL and lose an
// answer that comes while a large body is still being sent. length is -1 for a chunked body.
func exchange(base string, tt bad, body io.Reader, length int64) (hubtest.Answer, error) {
	host := strings.TrimPrefix(base, "http://")
	c, err := net.DialTimeout("tcp", host, 5*time.Second)
	if err != nil {
		return hubtest.Answer{}, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return hubtest.Answer{}, err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", tt.method, strings.ReplaceAll(tt.path, " ", "%20"), host)
	set := map[string]string{} // the last of a name counts
	var names []string
	for i := 0; i < len(tt.headers); i += 2 {
		if _, known := set[tt.headers[i]]; !known {
			names = append(names, tt.headers[i])
		}
		set[tt.headers[i]] = tt.headers[i+1]
	}
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\r\n", name, set[name])
	}
	switch {
	case length >= 0:
		fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", length)
	default:
		b.WriteString("Transfer-Encoding: chunked\r\n\r\n")
	}
	if _, err := io.WriteString(c, b.String()); err != nil {
		return hubtest.Answer{}, err
	}
	sent := make(chan struct{})
	go func() { // the hub may answer, and close, long before all is sent
		defer close(sent)
		if body != nil {
			_ = sendBody(c, body, length < 0)
		}
	}()
	defer func() { c.Close(); <-sent }()
	res, err := http.ReadResponse(bufio.NewReader(c), &http.Request{Method: tt.method})
	if err != nil {
		return hubtest.Answer{}, err
	}
	return hubtest.Read(res)
}

func sendBody(w io.Writer, body io.Reader, chunked bool) error {
	if !chunked {
		_, err := io.Copy(w, body)
		return err
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := body.Read(buf)
		if n > 0 {
			if _, werr := fmt.Fprintf(w, "%x\r\n%s\r\n", n, buf[:n]); werr != nil {
				return werr
			}
		}
		if err != nil {
			_, err = io.WriteString(w, "0\r\n\r\n")
			return err
		}
	}
}
