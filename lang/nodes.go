package lang

import "github.com/nescript/nescript/lang/slab"

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
