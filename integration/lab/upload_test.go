package lab

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/integration/harness"
)

// takesWholePicturesOnly breaks uploads off in every quarter, and says more and less than is sent.
func takesWholePicturesOnly(t *testing.T, lab *harness.Lab) {
	hub := lab.Hub(t, harness.Open)
	c, jpeg := newStoryClient(lab), wholeJPEG(t)
	c.register(t).want(t, http.StatusOK)

	for quarter := range 4 {
		conn := c.begin(t, len(jpeg), jpeg[:len(jpeg)*quarter/4])
		_ = conn.Close() // in the middle of it
	}
	conn := c.begin(t, len(jpeg)-1, jpeg[:len(jpeg)-1]) // whole by its length, not by its markers
	defer conn.Close()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a picture without its end was answered with %s", res.Status)
	}
	harness.Throughout(t, "nothing is stored", 2*time.Second, func() bool { return len(hub.Pictures(c.mac)) == 0 })

	c.upload(t, jpeg).want(t, http.StatusOK)
	if n := len(hub.Pictures(c.mac)); n != 1 {
		t.Errorf("%d pictures are stored, one was whole", n)
	}
}

// begin sends an upload's head, which names a length, and some bytes.
func (c *storyClient) begin(t *testing.T, length int, some []byte) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("POST /api/images/upload HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\nX-Device-ID: %s\r\n"+
		"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n", c.token, c.mac, length)
	if _, err := conn.Write(append([]byte(head), some...)); err != nil {
		t.Fatal(err)
	}
	return conn
}
