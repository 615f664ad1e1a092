package stream_test

import (
	"testing"

	"go.uber.org/goleak"

	"home.arpa/nestbox/services/internal/platform/stream"
	"home.arpa/nestbox/services/internal/platform/stream/streamtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	t.Parallel()
	streamtest.Exercise(t, func(*testing.T) stream.Stream { return stream.NewMemory(1024) })
}
