//go:build linux

package interp_test

import (
	"context"
	"testing"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// there is a recorder for which every namespace is there.
type there struct{ *recorder }

func (there) Look(context.Context, nsexec.Ref, func(*nsexec.Conn) error) error { return nil }

func TestPrompt(t *testing.T) {
	in, r := newTest(t)
	if err := interp.Engine(there{r})(in); err != nil {
		t.Fatal(err)
	}
	line := func(src, wantErr string, want nsexec.Ref) {
		t.Helper()
		f, err := lang.ParseREPL("prompt", []byte(src))
		if err == nil {
			err = in.Run(t.Context(), f)
		}
		wantError(t, err, wantErr)
		if got := in.Namespace(); got != want {
			t.Errorf("%s: the namespace is %s, want %s", src, got, want)
		}
	}
	host, a, b := nsexec.Host(), nsexec.Named("a"), nsexec.Named("b")
	line(`out`, `unknown verb "out"`, host)
	line(`in ns a`, "", a)
	line(`say x`, "", a)
	line(`in ns b; say y`, "", b)
	line(`in host < say z >`, "", b)
	line(`in ns a b`, "one namespace at a time", b)
	line(`in new`, "needs a block", b)
	line(`if true < in ns a >`, "in needs a block", b)
	line(`boom`, "boom", b)
	line(`out; say w`, "", a)
	line(`out`, "", host)
	line(`in ns a; out; say v`, "", host)
	wantLog(t, r, `ns a: "x"`, `ns b: "y"`, `"z"`, `ns a: "w"`, `"v"`)
	if in.Leave() {
		t.Error("it left the host")
	}
}

func TestErrorsTogether(t *testing.T) {
	in, _ := newTest(t)
	err := in.RunString(t.Context(), "t.nes", "say (1 +\n")
	wantError(t, err, "t.nes:")
	// What a broken statement might have declared is not missed.
	err = in.CheckString("t.nes", "let x = )\nsay $x\nsay < say y >\n")
	wantError(t, err, "say takes no block")
	for _, d := range interp.Diagnose(err) {
		if d.Start.Line == 2 {
			t.Errorf("a false error: %v", d)
		}
	}
}

func TestDeferredFailures(t *testing.T) {
	in, r := newTest(t)
	err := run(t, in, "defer boom\nsay a\nboom\n")
	if n := len(interp.Diagnose(err)); n != 2 {
		t.Errorf("%d errors, want those of line 1 and 3: %v", n, err)
	}
	wantLog(t, r, `"a"`)
}
