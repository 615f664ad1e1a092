package e2e

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"home.arpa/nestbox/services/hub/hubtest"
)

func TestSlowRequestSurvivesAStopAndWaitersAreSentHome(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir, "NESTBOX_ENROLMENT=open")
	c, waiter := h.newCamera(1).enrol(t), h.newCamera(2).enrol(t)

	// An upload of which half has arrived.
	picture := frame(3, 320, 240)
	release := make(chan struct{})
	uploaded := make(chan hubtest.Answer, 1)
	body := &gated{first: bytes.NewReader(picture[:len(picture)/2]), rest: bytes.NewReader(picture[len(picture)/2:]), gate: release, halfway: make(chan struct{})}
	go func() {
		a, err := hubtest.Try(http.MethodPost, c.url+"/api/images/upload", body, append([]string{"X-Device-ID", c.id, "Content-Type", "image/jpeg"}, c.bearer()...)...)
		if err != nil {
			t.Errorf("upload: %v", err)
		}
		uploaded <- a
	}()
	polled := make(chan hubtest.Answer, 1)
	go func() {
		a, err := waiter.poll(50)
		if err != nil {
			t.Errorf("poll: %v", err)
		}
		polled <- a
	}()
	<-body.halfway
	settle(t, h)

	h.terminate()
	select {
	case a := <-polled:
		if a.Status != http.StatusNoContent {
			t.Errorf("the waiting poll got %d", a.Status)
		}
	case <-time.After(10 * time.Second):
		t.Error("the waiting poll holds up the stop")
	}
	// By now nobody new is let in.
	hubtest.Eventually(t, 10*time.Second, "new connections are refused", func() bool {
		_, err := hubtest.Try(http.MethodGet, h.url+"/api/openapi.yaml", nil)
		return err != nil
	})
	close(release)
	if a := <-uploaded; a.Status != http.StatusOK {
		t.Errorf("the upload got %d %s", a.Status, a.Body)
	}
	h.awaitEnd()

	h = start(t, dir, "NESTBOX_ENROLMENT=open")
	op := h.operator()
	pictures := op.all("/api/pictures", "pictures", url.Values{"device_id": {c.id}}.Encode())
	if len(pictures) != 1 {
		t.Fatalf("pictures %v", pictures)
	}
	if got := op.do(http.MethodGet, pictures[0]["image_url"].(string), nil); !bytes.Equal(got.Body, picture) {
		t.Error("the picture is not whole")
	}
}

// gated gives its second half only after the gate opens.
type gated struct {
	first, rest *bytes.Reader
	gate        chan struct{}
	halfway     chan struct{}
}

func (g *gated) Read(p []byte) (int, error) {
	if g.first.Len() > 0 {
		return g.first.Read(p)
	}
	select {
	case <-g.halfway:
	default:
		close(g.halfway)
	}
	<-g.gate
	return g.rest.Read(p)
}

func TestSecondHubOnAFolderNamesTheFirst(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir)
	r := run(t, dir, nil, "serve")
	if r.code != 1 || !containsAll(r.errors, "in use by nestbox", h.pid(), dir) {
		t.Errorf("exit code %d, said %s", r.code, r.errors)
	}
}

func TestFirstStartThatFailsDoesNotUseUpThePassword(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	r := run(t, dir, []string{"NESTBOX_ADMIN_PASSWORD=", "NESTBOX_LISTEN=" + taken.Addr().String()}, "serve")
	if r.code != 1 || !containsAll(r.errors, "address already in use", taken.Addr().String()) {
		t.Fatalf("with a port that is taken: exit code %d, said %s", r.code, r.errors)
	}
	h := start(t, dir, "NESTBOX_ADMIN_PASSWORD=")
	h.login(h.text.await(t, passwordLine))
}

func TestFirstStartShowsThePasswordOnceAndNotInTheLog(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := start(t, dir, "NESTBOX_ADMIN_PASSWORD=")
	shown := h.text.await(t, passwordLine)
	h.login(shown)
	if n := bytes.Count([]byte(h.text.String()), []byte(shown)); n != 1 {
		t.Errorf("the password was printed %d times", n)
	}
	h.stop()
	h = start(t, dir, "NESTBOX_ADMIN_PASSWORD=")
	if passwordLine.MatchString(h.text.String()) {
		t.Error("the second start shows a password")
	}
	h.login(shown)
}
