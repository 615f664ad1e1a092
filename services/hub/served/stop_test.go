package served_test

import (
	"bytes"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

// TestStopFinishesWhatHasBegun asks each program to stop in the middle of something.
func TestStopFinishesWhatHasBegun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, lab{})
	c := w.newCamera(1).enrol(t)
	polled, uploaded := make(chan hubtest.Answer, 1), make(chan hubtest.Answer, 1)
	go func() {
		a, _ := c.poll(40, "http://"+w.registry.listen)
		polled <- a
	}()
	body, send := io.Pipe()
	picture := frame(1, 320, 240)
	go func() {
		a, _ := hubtest.Try(http.MethodPost, "http://"+w.media.listen+"/api/images/upload", body, append(c.bearer(), "X-Device-ID", c.id, "Content-Type", "image/jpeg")...)
		uploaded <- a
	}()
	half := len(picture) / 2
	if _, err := send.Write(picture[:half]); err != nil {
		t.Fatal(err)
	}
	for range 20 { // round trips, in which the poll gets to its wait
		hubtest.Do(t, http.MethodGet, w.url+"/api/openapi.yaml", nil).Want(t, http.StatusOK)
	}

	begin := time.Now()
	for _, s := range w.started {
		s.signal(syscall.SIGTERM)
	}
	if a := <-polled; a.Status != http.StatusNoContent {
		t.Errorf("the waiting camera: %d %s, want 204", a.Status, a.Body)
	}
	w.registry.awaitEnd(10 * time.Second)
	w.telemetry.awaitEnd(10 * time.Second)
	t.Logf("registry and telemetry stopped after %v", time.Since(begin).Round(time.Millisecond))
	hubtest.Eventually(t, 5*time.Second, "media takes no new requests", func() bool {
		_, err := hubtest.Try(http.MethodGet, "http://"+w.media.listen+"/api/storage", nil)
		return err != nil
	})
	if _, err := io.Copy(send, bytes.NewReader(picture[half:])); err != nil {
		t.Fatal(err)
	}
	if err := send.Close(); err != nil {
		t.Fatal(err)
	}
	if a := <-uploaded; a.Status != http.StatusOK {
		t.Errorf("the slow upload: %d %s, want 200", a.Status, a.Body)
	}
	w.media.awaitEnd(10 * time.Second)

	for _, s := range w.started {
		s.start()
		s.awaitReady("ready")
	}
	if n := len(w.login().all("/api/pictures", "pictures", "")); n != 1 {
		t.Errorf("%d pictures, want 1", n)
	}
}
