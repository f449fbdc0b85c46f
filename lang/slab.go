package lang

// slab allocates the nodes of commands, of which most scripts consist, many at
// a time. Each lives in one block of statements, as its nodes do.
type slab struct {
	commands []Command
	words    []Word
	args     []Arg
	scratch  []Arg // of the command that is being parsed
}

const maxSlab = 256

// next is s with one more element, in a larger slab if this one is full.
func next[T any](s []T, first int) []T {
	if len(s) == cap(s) {
		s = make([]T, 0, min(max(2*cap(s), first), maxSlab))
	}
	return s[:len(s)+1]
}

func (s *slab) command() *Command {
	s.commands = next(s.commands, 1)
	return &s.commands[len(s.commands)-1]
}

func (s *slab) word() *Word {
	s.words = next(s.words, 4)
	return &s.words[len(s.words)-1]
}

// keep returns a copy of the scratch arguments, which are then none.
func (s *slab) keep() []Arg {
	n := len(s.scratch)
	if n == 0 {
		return nil
	}
	if cap(s.args)-len(s.args) < n {
		s.args = make([]Arg, 0, max(min(2*cap(s.args), maxSlab), n))
	}
	from := len(s.args)
	s.args = append(s.args, s.scratch...)
	s.scratch = s.scratch[:0]
	return s.args[from:len(s.args):len(s.args)]
}
