//go:build linux

package builtins

import (
	"context"
	"io"
	"strings"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Why some verbs have no undo.
const (
	// ProgramsOwn is the reason of the verbs that run programs.
	ProgramsOwn    = "what a program does only its author can undo: undo < … > after it says how"
	changesNothing = "it changes nothing"
)

var execSpec = &Spec{
	Name: "exec", Group: Programs, NoUndo: ProgramsOwn,
	Doc:     "run a program in the namespace and wait for it; a status other than 0 is a failure",
	Example: "exec echo hello",
	Params:  []Param{{Name: "CMD", Type: textType, Doc: "the program, looked up in PATH"}, {Name: "ARG", Type: textType, Many: true, Optional: true}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		return run(c, append([]string{c.Str("CMD")}, All[string](c, "ARG")...)), nil
	},
}

var shSpec = &Spec{
	Name: "sh", Group: Programs, NoUndo: ProgramsOwn,
	Doc:     "run a shell script in the namespace; further words are its $1, $2 and so on",
	Example: "sh `echo \"$1\" | tr a-z A-Z` hello",
	Params:  []Param{{Name: "SCRIPT", Type: textType}, {Name: "ARG", Type: textType, Many: true, Optional: true}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		return run(c, append([]string{"/bin/sh", "-c", c.Str("SCRIPT"), "sh"}, All[string](c, "ARG")...)), nil
	},
}

func run(c *Call, args []string) []nsexec.Step {
	env := c.Env
	return []nsexec.Step{{NS: env.NS, Action: nsexec.Exec(nsexec.ExecConfig{
		Args: args, Dir: env.Dir, Stdin: env.Stdin, Stdout: env.Stdout, Stderr: env.Stderr,
	})}}
}

var printSpec = &Spec{
	Name: "print", Group: Programs, NoUndo: changesNothing,
	Doc:     "write a line of its arguments, with blanks between",
	Example: `print "there are" 3 "hosts"`,
	Params:  []Param{{Name: "TEXT", Type: anyType, Many: true, Optional: true}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		line := strings.Join(All[string](c, "TEXT"), " ")
		out := c.Env.Stdout
		a := nsexec.ActionFunc("print", "print", false, func(context.Context, *nsexec.Conn) error {
			if out == nil {
				return nil
			}
			_, err := io.WriteString(out, line+"\n")
			return err
		})
		return []nsexec.Step{{NS: nsexec.Host(), Action: a}}, nil
	},
}

// FailError is what `fail` ends a script with.
type FailError struct{ Message string }

func (e *FailError) Error() string { return e.Message }

var failSpec = &Spec{
	Name: "fail", Group: Programs, NoUndo: changesNothing,
	Doc:     "end the script as a failure",
	Example: `fail "no such thing"`,
	Params:  []Param{{Name: "TEXT", Type: anyType, Many: true}},
	Compile: func(c *Call) ([]nsexec.Step, error) {
		return nil, &FailError{Message: strings.Join(All[string](c, "TEXT"), " ")}
	},
}

// anyType takes every value as its text: lists and records as they are written.
var anyType Type = anyText{}

type anyText struct{}

func (anyText) String() string { return "TEXT" }

func (anyText) Parse(v value.Value) (any, error) { return v.String(), nil }
