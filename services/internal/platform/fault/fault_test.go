package fault_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	known := fault.New(fault.Conflict, "The device is there already.")
	for _, tc := range []struct {
		name string
		err  error
		want fault.Kind
	}{
		{"nil", nil, fault.Internal},
		{"foreign error", io.EOF, fault.Internal},
		{"itself", known, fault.Conflict},
		{"wrapped with an action", fmt.Errorf("insert device: %w", known), fault.Conflict},
		{"outermost fault wins", fault.Wrap(known, fault.Invalid, "x"), fault.Invalid},
		{"joined", errors.Join(io.EOF, known), fault.Conflict},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := fault.KindOf(tc.err); got != tc.want {
				t.Errorf("KindOf = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestWrapKeepsCauseOutOfMessage(t *testing.T) {
	t.Parallel()
	err := fault.Wrap(io.ErrUnexpectedEOF, fault.Invalid, "Field %q is cut.", "name")
	if err.Message != `Field "name" is cut.` {
		t.Errorf("Message = %q", err.Message)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is not in the chain")
	}
	if want := `Field "name" is cut.: unexpected EOF`; err.Error() != want {
		t.Errorf("Error() = %q, want %q", err.Error(), want)
	}
}

func TestPerCentSignAloneIsText(t *testing.T) {
	t.Parallel()
	sentence := "The disk is 100% full."
	if got := fault.New(fault.Unavailable, sentence).Message; got != sentence {
		t.Errorf("Message = %q", got)
	}
}

func TestAfterCopies(t *testing.T) {
	t.Parallel()
	base := fault.New(fault.Unavailable, "The database is away.")
	later := base.After(2 * time.Second)
	if base.RetryAfter != 0 || later.RetryAfter != 2*time.Second {
		t.Errorf("RetryAfter: base %v, copy %v", base.RetryAfter, later.RetryAfter)
	}
	if !errors.Is(fmt.Errorf("read: %w", later), base) {
		t.Error("a copy made by After no longer matches its original")
	}
	if errors.Is(later, fault.New(fault.Unavailable, "Something else.")) {
		t.Error("errors with other messages match")
	}
}

func TestKindNames(t *testing.T) {
	t.Parallel()
	if fault.TimedOut.String() != "timed out" || fault.Internal.String() != "internal" {
		t.Errorf("names are shifted: %q, %q", fault.Internal, fault.TimedOut)
	}
	if got := fault.Kind(200).String(); got != "kind 200" {
		t.Errorf("unknown kind = %q", got)
	}
}
