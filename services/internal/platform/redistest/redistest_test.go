package redistest_test

import (
	"testing"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEachTestHasAServerOfItsOwn(t *testing.T) {
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			if was, err := redistest.New(t).SetNX(t.Context(), "k", "v", 0).Result(); err != nil || !was {
				t.Errorf("somebody else wrote the key: %v, %v", was, err)
			}
		})
	}
}

func TestARestartedServerIsEmptyAtTheSameAddress(t *testing.T) {
	t.Parallel()
	s := redistest.StartServer(t)
	for _, end := range []func(){s.Stop, s.Kill} {
		client := s.Client()
		if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
			t.Fatal(err)
		}
		end()
		s.Start()
		if n, err := s.Client().DBSize(t.Context()).Result(); err != nil || n != 0 {
			t.Errorf("%d keys after a restart, %v", n, err)
		}
	}
}
