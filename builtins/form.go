//go:build linux

package builtins

import "github.com/nescript/nescript/lang/value"

// Form binds the calls of one statement that runs over and over, as in a loop,
// with most of its arguments the same each time. How arguments are shared out
// follows from what each of them can be read as. So once a call is bound, the next
// is the same but for the arguments that are not fixed, as long as these can be read
// as what their predecessors could, and as nothing else that was tried.
//
// A Form is not for concurrent use.
type Form struct {
	spec  *Spec
	mod   Modifiers
	fixed func(int) bool
	b     binder
	known bool    // the last call is one to go by
	n     int     // how many arguments it had
	reads []trial // of those that are not fixed
}

// trial is how an argument was tried to be read as a type.
type trial struct {
	arg  int
	as   *Type
	many bool
	fits bool
	to   *any // where in the call the value went; nil where it was of no use

	text    value.String // what was last read, if that was text
	hasText bool
}

// NewForm makes the Form of a statement. fixed tells which of its arguments never
// change.
func NewForm(s *Spec, mod Modifiers, fixed func(int) bool) *Form {
	return &Form{spec: s, mod: mod, fixed: fixed}
}

// Bind is [Binder.Bind] of the Form's verb.
func (f *Form) Bind(env *Env, args []Arg) (*Call, *ArgError) {
	if f.known && len(args) == f.n && f.again(args) {
		f.b.call.Env, f.b.call.args = env, args
		return &f.b.call, nil
	}
	f.known, f.b.noting = false, true
	if err := f.b.bind(f.spec, env, f.mod, args); err != nil {
		return nil, err
	}
	f.learn(args)
	return &f.b.call, nil
}

// again puts new values into the last call. It reports whether they fit as the
// last ones did; the call is of no use otherwise.
func (f *Form) again(args []Arg) bool {
	for i := range f.reads {
		t := &f.reads[i]
		v := args[t.arg].Value
		if _, isList := v.(value.List); isList {
			return false
		}
		text, isText := v.(value.String)
		if isText && t.hasText && text == t.text {
			continue // as where a loop is in another
		}
		t.text, t.hasText = text, isText
		got, err := parse(*t.as, t.many, v)
		if (err == nil) != t.fits {
			return false
		}
		if t.to != nil {
			*t.to = got
		}
	}
	return true
}

// learn finds out where in the call that was just bound the values of the
// arguments went that are not fixed.
func (f *Form) learn(args []Arg) {
	f.n, f.reads = len(args), f.reads[:0]
	b := &f.b
	if b.blur {
		return
	}
	b.notePlaced()
	for i := range args {
		if f.fixed(i) {
			continue
		}
		at, ok := b.wentTo(i)
		if _, isList := args[i].Value.(value.List); isList || !ok || args[i].Bare {
			return
		}
		for _, t := range b.tried {
			if t.arg != i {
				continue
			}
			if t.as == at.as {
				t.to = at.to
			}
			f.reads = append(f.reads, t)
		}
	}
	f.known = true
}

// notePlaced notes where positional arguments went.
func (b *binder) notePlaced() {
	next := make([]int, len(b.params))
	for k, p := range b.call.owner {
		vals := b.call.values[p]
		if next[p] < len(vals) {
			b.went = append(b.went, trial{arg: b.free[k], as: &b.params[p].Type, to: &vals[next[p]]})
		}
		next[p]++
	}
}

// wentTo is where the value of an argument went that alone makes up one.
func (b *binder) wentTo(arg int) (trial, bool) {
	for _, t := range b.went {
		if t.arg == arg {
			return t, true
		}
	}
	return trial{}, false
}
