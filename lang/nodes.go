package lang

import (
	"github.com/alecthomas/participle/v2/lexer"

	"github.com/nescript/nescript/lang/slab"
)

// feed is where the statements of a file come from and where their nodes go. That
// of a statement which participle parses has the tokens at hand only: it may go
// back to any of them.
type feed struct {
	nodeSlab
	more  func() *lexer.PeekingLexer // the next chunk of tokens, nil at the end
	fills int                        // how many chunks there were
}

// refill puts the next chunk in the place of one that is used up. No token of
// that one may be looked at any more.
func (f *feed) refill(lex *lexer.PeekingLexer) bool {
	if f.more == nil {
		return false
	}
	next := f.more()
	if next == nil {
		f.more = nil
		return false
	}
	*lex = *next
	f.fills++
	return true
}

// nodeSlab allocates the nodes of commands, of which most scripts consist. Each
// lives in one block of statements, as its nodes do.
type nodeSlab struct {
	commands slab.Of[Command]
	words    slab.Of[Word]
	args     slab.Of[Arg]
	scratch  []Arg // of the command that is being parsed
}

func (s *nodeSlab) command() *Command { return s.commands.New() }

func (s *nodeSlab) word() *Word { return s.words.New() }

// keep returns a copy of the scratch arguments, which are then none.
func (s *nodeSlab) keep() []Arg {
	args := s.args.Keep(s.scratch)
	s.scratch = s.scratch[:0]
	return args
}
