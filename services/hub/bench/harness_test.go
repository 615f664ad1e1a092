package bench

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

func TestNoTwoRequestsAreRepeats(t *testing.T) {
	c := camera{"24:6F:28:00:00:01", "token"}
	r := c.motion()
	seen := map[string]bool{}
	length := len(r.raw)
	for _, n := range []uint64{0, 1, 9, 10, 1 << 20, 8_999_999_998} {
		r.number(n)
		if len(r.raw) != length || seen[string(r.raw)] {
			t.Fatalf("request %d repeats another, or has another length: %s", n, r.raw)
		}
		seen[string(r.raw)] = true
	}
	r.number(7)
	for _, want := range []string{`4456-1000000008"`, `"monotonic_ms":100000035123`, `"sent_monotonic_ms":100000035123`} {
		if !strings.Contains(string(r.raw), want) {
			t.Errorf("%s is not in %s", want, r.raw)
		}
	}
}

func TestLoadCountsWhatWasAnswered(t *testing.T) {
	engine := gin.New()
	var served int
	engine.POST("/api/heartbeat", func(c *gin.Context) {
		served++ // one client: no two at once
		c.JSON(http.StatusOK, gin.H{"status": "ok"})
	})
	l, err := newLoad(listen(t, engine), 1, requests(strangers(), paths.heartbeat.request))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	answered, _, err := l.run(300 * time.Millisecond)
	if err != nil || answered == 0 || int(answered) != served {
		t.Errorf("counted %d, served %d, error %v", answered, served, err)
	}
}

func TestLoadFailsOnARefusal(t *testing.T) {
	engine := gin.New()
	engine.POST("/api/heartbeat", func(c *gin.Context) { c.String(http.StatusTooManyRequests, "slow down") })
	l, err := newLoad(listen(t, engine), 2, requests(strangers(), paths.heartbeat.request))
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	_, _, err = l.run(300 * time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "429 Too Many Requests: slow down") {
		t.Errorf("error %v, want the answer in it", err)
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{3, 1, 2}); got != 2 {
		t.Errorf("median %v, want 2", got)
	}
}
