//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestTimed has each step told of once, in order, up to the one that fails.
func TestTimed(t *testing.T) {
	e := newEngine(t)
	ns := nstest.NS(t)
	failing := thread(func(*nsexec.Conn) error { return errors.New("on purpose") })
	steps := []nsexec.Step{
		{NS: ns, Action: bridge("br0"), Tag: 0},
		{NS: ns, Action: nothing(true), Tag: 1},
		{NS: ns, Action: nothing(true), Tag: 2},
		{NS: ns, Action: has("br0"), Tag: 3},
		{NS: ns, Action: nothing(true), Tag: 4},
		{NS: ns, Action: failing, Tag: 5}, // together with the one before
		{NS: ns, Action: has("br0"), Tag: 6},
	}
	var got []any
	ctx := nsexec.Timed(context.Background(), func(steps []nsexec.Step, took time.Duration) {
		if took <= 0 {
			t.Errorf("%d steps took %s", len(steps), took)
		}
		for _, s := range steps {
			got = append(got, s.Tag)
		}
	})
	if err := e.Run(ctx, steps...); err == nil {
		t.Fatal("it did not fail")
	}
	if want := []any{0, 1, 2, 3, 4, 5}; !slices.Equal(got, want) {
		t.Errorf("told of %v, want %v", got, want)
	}
}
