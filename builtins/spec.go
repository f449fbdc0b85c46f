//go:build linux

// Package builtins holds NEScript's verbs: one table that says what each
// takes, what it is for and which actions it stands for. The checker, the
// completer, the help and the reference are all read from it.
package builtins

import (
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Group is a heading that verbs are listed under.
type Group string

// The groups, in the order of the reference.
const (
	Namespaces Group = "namespaces"
	Joining    Group = "joining"
	Links      Group = "links"
	LinkState  Group = "link state"
	Bridging   Group = "bridging"
	Layer3     Group = "layer 3"
	Traffic    Group = "traffic"
	System     Group = "system"
	Programs   Group = "programs"
	Checks     Group = "checks"
	Undoing    Group = "undoing"
)

// Modifiers is the set of the words that may stand before a verb.
type Modifiers uint8

// The modifiers.
const (
	Del     Modifiers = 1 << iota // del: take it away
	Replace                       // replace: make it, or change what is there
	Ensure                        // ensure: make it so, whatever is there
	Flush                         // flush: take all of them away
)

// Spec is one verb.
type Spec struct {
	Name    string // as written; a check's is "expect ping"
	Group   Group
	Doc     string // one line, lower-case, no stop
	Example string // a statement that parses and checks
	Params  []Param
	Options []Option
	// Modifiers may stand before the verb. A modifier changes which
	// parameters are required: ModParams holds those that differ.
	Modifiers Modifiers
	ModParams map[Modifiers][]Param
	// ModOnly says that the verb never stands without a modifier.
	ModOnly bool
	// Enter, where set, allows a block after the arguments. It runs in the
	// namespaces that Enter returns, once the verb's own steps are done.
	Enter func(*Call) []nsexec.Ref
	// NoUndo is why what the verb does is not undone when a run fails. It is
	// empty for verbs whose actions know how to undo themselves.
	NoUndo string
	// Needs, where set, says which kinds the kernel must have for a call. Values
	// may be unknown: nil.
	Needs func(*Call) []nsexec.Kind
	// Verify, where set, says what is wrong that one argument alone does not
	// show, such as options that need each other. Values may be unknown: nil.
	// Compile refuses the same.
	Verify func(*Call) *ArgError
	// Compile turns a bound call into steps. It touches nothing.
	Compile func(*Call) ([]nsexec.Step, error)
}

// Param is a positional parameter. Options that follow it belong to it.
type Param struct {
	Name     string // upper-case in help
	Type     Type
	Optional bool
	Many     bool // one or more; with Optional, none or more
	Options  []Option
	Doc      string
}

// Option is a keyword, followed by its value unless Type is nil (a flag).
type Option struct {
	Name    string
	Aliases []string
	Type    Type     // nil: a flag without a value
	Leads   []string // words of which one may stand before the value, as in `mtu lock 1400`
	Repeat  bool     // may be given more than once
	Many    bool     // takes values up to the next option
	Least   int      // with Many: so many values at least, whatever they are called
	Rest    bool     // with Many: values up to the end, or to the option itself again
	Options []Option // options of its own, as of `nexthop`
	Doc     string
}

// Type is what a parameter or an option takes.
type Type interface {
	// String names the type in help and errors: "link", "prefix", "1..4094".
	String() string
	// Parse reads a value as this type. Its error says what is wrong without
	// repeating the value's place.
	Parse(v value.Value) (any, error)
}

// Arg is one argument of a command as the binder sees it.
type Arg struct {
	// Value is nil where it is not known yet (the checker, before a run).
	Value value.Value
	// Bare is set for a plain literal word, the only thing that can be an
	// option's name.
	Bare bool
	// Spread is set by the checker where the argument may turn out to be any
	// number of arguments (`$ports`).
	Spread bool
}
