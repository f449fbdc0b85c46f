//go:build linux

package builtins

import (
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// A Form makes of each call what Spec.Bind does, whatever the argument that
// changes comes to: what fits as the one before did, what fits elsewhere, and what
// fits nowhere.
func TestForm(t *testing.T) {
	prefix := value.Prefix{Prefix: netip.MustParsePrefix("10.1.0.0/16")}
	others := []value.Value{
		value.String("eth7"), value.String("7"), value.Int(9), value.String("10.0.0.1"), prefix, value.IP{Addr: prefix.Addr()},
		value.String("junk:junk:junk"), value.String("on"), value.Bool(true), value.String(""), value.Null{},
		value.List{value.String("a"), value.String("b")}, value.List{}, value.String("h1:eth0"), value.String("blackhole"), value.String("default"),
	}
	env := &Env{}
	again := 0
	for _, s := range Table() {
		words := strings.Fields(strings.TrimPrefix(s.Example, s.Name))
		for at := range words {
			own := value.Value(value.String(strings.Trim(words[at], `"'`)))
			f := NewForm(s, 0, func(i int) bool { return i != at })
			for _, v := range append([]value.Value{own, own}, withEach(others, own)...) {
				args := bareArgs(words)
				args[at] = Arg{Value: v}
				if f.known {
					again++
				}
				got, wrong := f.Bind(env, args)
				want, wantWrong := s.Bind(env, 0, args)
				if !reflect.DeepEqual(wrong, wantWrong) {
					t.Fatalf("%s with %v for %q: %v, not %v", s.Example, v, words[at], wrong, wantWrong)
				}
				if wrong == nil && !sameCall(got, want) {
					t.Fatalf("%s with %v for %q is\n%+v, not\n%+v", s.Example, v, words[at], got, want)
				}
			}
		}
	}
	if again < 1000 {
		t.Errorf("only %d calls were made after the one before", again)
	}
}

// withEach puts a value before each of others.
func withEach(others []value.Value, v value.Value) []value.Value {
	var out []value.Value
	for _, other := range others {
		out = append(out, v, other)
	}
	return out
}

func bareArgs(words []string) []Arg {
	var out []Arg
	for _, w := range words {
		out = append(out, Arg{Value: value.String(strings.Trim(w, `"'`)), Bare: !strings.ContainsAny(w, `"'`)})
	}
	return out
}

// sameCall compares all that verbs can see of two calls.
func sameCall(a, b *Call) bool {
	if a.Spec != b.Spec || a.Modifier != b.Modifier || a.Env != b.Env || a.String() != b.String() || len(a.values) != len(b.values) {
		return false
	}
	for p := range a.values {
		if !sameList(a.values[p], b.values[p]) {
			return false
		}
	}
	return sameList(a.given, b.given) && sameList(a.owner, b.owner)
}

func sameList[T any](a, b []T) bool { return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b) }

// What a verb compiles keeps nothing of a Binder's call, which is another's soon.
func TestBinder(t *testing.T) {
	env := &Env{}
	compared := 0
	for _, s := range Table() {
		args := bareArgs(strings.Fields(strings.TrimPrefix(s.Example, s.Name)))
		kept, wrong := s.Bind(env, 0, args)
		if wrong != nil {
			continue // its example has another form, as in quotes
		}
		want, err := s.Compile(kept)
		if err != nil {
			continue // what it reads is not here
		}
		var b Binder
		call, _ := b.Bind(s, env, 0, append([]Arg(nil), args...))
		got, err := s.Compile(call)
		if err != nil {
			t.Fatalf("%s: %v", s.Example, err)
		}
		got = append([]nsexec.Step(nil), got...) // as the machine that runs them does
		for _, list := range call.values {
			clear(list)
		}
		for _, g := range call.given {
			clear(g.Values)
		}
		clear(call.values)
		clear(call.given)
		clear(call.args)
		clear(call.steps)
		for i := range want {
			if s.Group != Programs && !reflect.DeepEqual(got[i], want[i]) || got[i].Action.String() != want[i].Action.String() {
				t.Errorf("%s: step %d is %+v, not %+v", s.Example, i, got[i], want[i])
			}
		}
		compared++
	}
	if compared < 100 {
		t.Errorf("only %d verbs were compared", compared)
	}
}
