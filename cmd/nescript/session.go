//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
)

// replName is what errors call the text of a prompt.
const replName = "repl"

// errCleared is returned by lines.read where the user threw the line away.
var errCleared = errors.New("the line was cleared")

// lines is where a session reads from.
type lines interface {
	// read returns a line without its end; io.EOF at the end, errCleared for
	// one that was thrown away. The lines that the statement has already come
	// before it.
	read(prompt, before string) (string, error)
}

// session is one run of the prompt.
type session struct {
	*app
	in          *interp.Interp
	lines       lines
	interactive bool
	failed      bool // a statement did
	quit        bool
}

// start makes the namespace that words name the current one, if it is there.
func (s *session) start(words []string) error {
	ref, err := interp.ParseRef(words...)
	if err != nil {
		return usagef("", "%v", err)
	}
	if err := s.in.Reach(context.Background(), ref); err != nil {
		return err
	}
	s.in.Enter(ref)
	return nil
}

// loop reads and runs statements until the end of the input.
func (s *session) loop() error {
	for !s.quit {
		src, err := s.entry()
		switch {
		case errors.Is(err, errCleared):
			continue
		case errors.Is(err, io.EOF):
			s.quit = true
		case err != nil:
			return err
		default:
			s.do(src)
		}
	}
	if s.failed && !s.interactive {
		return codeError(exitFailed)
	}
	return nil
}

// entry reads lines until they are a whole statement, or can't become one.
func (s *session) entry() (string, error) {
	prompt, src := s.prompt(), ""
	for {
		line, err := s.lines.read(prompt, src)
		if errors.Is(err, io.EOF) && src != "" {
			return src, nil // its error says what is missing
		}
		if err != nil {
			return "", err
		}
		src += line
		if _, err := s.parse(src); !lang.IsIncomplete(err) {
			return src, nil
		}
		src += "\n"
		prompt = "... "
	}
}

func (s *session) prompt() string {
	switch ns := s.in.Namespace(); ns.Kind {
	case nsexec.RefHost:
		return "nes> "
	case nsexec.RefName:
		return ns.Name + "> "
	default:
		return ns.String() + "> "
	}
}

// parse reads an entry; an expression standing alone, as the statement that
// prints it.
func (s *session) parse(src string) (*lang.File, error) {
	text := strings.TrimSpace(src)
	if strings.HasPrefix(text, ":") {
		return nil, nil
	}
	if s.isExpression(text) {
		// Within the brackets of a print, what lacks an end would have one.
		if _, err := lang.ParseREPL(replName, []byte("let it = "+text)); lang.IsIncomplete(err) {
			return nil, err
		}
		src = "print (str(" + text + "))" // a list whole, not item by item
	}
	return lang.ParseREPL(replName, []byte(src))
}

// isExpression recognises something in parentheses, a variable, and a call of a
// function.
func (s *session) isExpression(text string) bool {
	name := text[:len(text)-len(strings.TrimLeft(text, wordRunes))]
	rest := text[len(name):]
	_, isVar := s.in.Lookup(name)
	switch {
	case strings.HasPrefix(text, "("):
		return true
	case isVar && rest == "":
		return s.in.VerbSet().Lookup(name) == nil
	case isVar:
		return strings.ContainsRune(".[", rune(rest[0]))
	}
	return strings.HasPrefix(rest, "(") && isFunction(name)
}

const wordRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"

// do runs one entry. Whatever comes of it, the session goes on.
func (s *session) do(src string) {
	if command, ok := strings.CutPrefix(strings.TrimSpace(src), ":"); ok {
		s.command(strings.Fields(command))
		return
	}
	if err := s.statement(src); err != nil {
		s.failed = true
		s.report(err)
	}
}

func (s *session) statement(src string) error {
	if strings.TrimSpace(src) == "out" {
		if !s.in.Leave() {
			return usagef("Ctrl-D leaves the prompt", "no namespace was entered that this could leave")
		}
		return nil
	}
	file, err := s.parse(src)
	if err != nil {
		return err
	}
	ctx, stop := s.interruptible()
	defer func() {
		stop()
		s.interrupted = false
	}()
	return s.in.Run(ctx, file)
}

// command is one of the prompt's own, after the colon.
func (s *session) command(words []string) {
	if len(words) == 0 {
		words = []string{""}
	}
	var err error
	switch words[0] {
	case "q", "quit", "exit":
		s.quit = true
	case "h", "help":
		err = s.help(strings.Join(words[1:], " "))
	default:
		err = usagef("there are :help [VERB] and :quit", "no command %q", ":"+words[0])
	}
	if err != nil {
		s.failed = true
		s.report(err)
	}
}

func (s *session) help(topic string) error {
	if topic != "" {
		return help(s.out, topic, nil)
	}
	if err := helpLanguage(s.out); err != nil {
		return err
	}
	_, err := fmt.Fprint(s.out, `
at the prompt:
  in REF          enter a namespace; out leaves it
  (EXPRESSION)    print a value
  :help [VERB]    this, or what a verb is for
  :quit           leave, as Ctrl-D does
`)
	return err
}

func isFunction(name string) bool {
	return slices.ContainsFunc(interp.Functions(), func(f *interp.Function) bool { return f.Name == name })
}
