package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// drip sends text a byte at a time, 10 a second, until the hub hangs up or answers; it returns the status, 0 when there was
// no answer, and how long the hub put up with it.
func drip(t *testing.T, host, head, text string) (status int, took time.Duration) {
	t.Helper()
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Error(err)
		return 0, 0
	}
	defer c.Close()
	begin := time.Now()
	answered := make(chan int, 1)
	go func() {
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			answered <- 0
			return
		}
		_ = res.Body.Close()
		answered <- res.StatusCode
	}()
	_, _ = io.WriteString(c, head)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case status = <-answered:
			return status, time.Since(begin)
		case <-tick.C:
			_, _ = c.Write([]byte{text[i%len(text)]}) // after the hub hung up this fails, and the answer tells
		}
		if time.Since(begin) > 3*time.Minute {
			t.Error("the hub never gives up")
			return 0, time.Since(begin)
		}
	}
}

func TestSlowLorisIsCutOffAndHurtsNobody(t *testing.T) {
	t.Parallel()
	h := start(t, t.TempDir(), "NESTBOX_ENROLMENT=open")
	host := strings.TrimPrefix(h.url, "http://")
	c := h.newCamera(1).enrol(t)
	json := fmt.Sprintf("POST /api/heartbeat HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %s\r\nContent-Length: 4000\r\n\r\n", c.token)
	image := fmt.Sprintf("POST /api/images/upload HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nX-Device-ID: %s\r\nAuthorization: Bearer %s\r\nContent-Length: 40000\r\n\r\n\xff\xd8\xff\xfe\x7f\xff", c.id, c.token)

	var slow sync.WaitGroup
	for range 20 {
		slow.Go(func() {
			if status, took := drip(t, host, "GET /api/openapi.yaml HTTP/1.1\r\n", "X-A: b\r\n"); status != 0 && status != 400 && status != 408 || took > 15*time.Second {
				t.Errorf("slow header: status %d after %v, want 400, 408 or the end within 15 s", status, took)
			}
		})
		slow.Go(func() {
			if status, took := drip(t, host, json, " "); status != http.StatusRequestTimeout || took > 20*time.Second {
				t.Errorf("slow JSON: status %d after %v, want 408 within 20 s", status, took)
			}
		})
	}
	slow.Go(func() {
		if status, took := drip(t, host, image, "a"); status != http.StatusRequestTimeout || took > 75*time.Second {
			t.Errorf("slow picture: status %d after %v, want 408 within 75 s", status, took)
		}
	})
	// Others are served as if nothing was: a beat while all of them drip.
	hubtest.Eventually(t, 30*time.Second, "a quick beat beside slow clients", func() bool {
		begin := time.Now()
		a, err := c.beat()
		return err == nil && a.Status == http.StatusOK && time.Since(begin) < time.Second
	})
	slow.Wait()
	if files := pictureFiles(t, h.dir); len(files) > 0 {
		t.Errorf("slow uploads left %v", files)
	}
}
