package lang

import "github.com/alecthomas/participle/v2/lexer"

// tokens holds one chunk of a scanner's tokens at a time, in one lexer that it
// writes over: lexer.Upgrade would make another for each chunk, and that would
// be half of what a parse allocates. A node keeps nothing of a token but its
// text, which is the source's.
type tokens struct {
	scan *scanner
	lex  *lexer.PeekingLexer
	room []lexer.Token // that of lex
}

// next reads a chunk.
func (c *tokens) next() *lexer.PeekingLexer {
	for n := 0; ; n++ {
		if n == len(c.room) {
			c.grow()
		}
		t := &c.room[n]
		if *t = c.scan.next(); t.EOF() {
			break
		}
	}
	c.lex.LoadCheckpoint(lexer.Checkpoint{})
	return c.lex
}

// Room for the tokens of a chunk: at first for those of a short script, then
// for a chunk of the usual length.
const (
	shortChunk = 32
	usualChunk = chunkTokens + 80
)

// grow makes a lexer with room for more tokens, and what there was.
func (c *tokens) grow() {
	size := shortChunk
	if len(c.room) > 0 {
		size = max(2*len(c.room), usualChunk)
	}
	blank := &filler{tokens: c.room, size: size}
	c.lex, _ = lexer.Upgrade(blank) // a filler gives no error
	c.room = c.lex.Range(0, lexer.RawCursor(size))
}

// filler is a lexer of some tokens, and then of as many of no kind as make size.
type filler struct {
	tokens []lexer.Token
	n      int
	size   int
}

// Next implements lexer.Lexer.
func (f *filler) Next() (lexer.Token, error) {
	f.n++
	switch {
	case f.n <= len(f.tokens):
		return f.tokens[f.n-1], nil
	case f.n < f.size:
		return lexer.Token{}, nil
	}
	return lexer.EOFToken(lexer.Position{}), nil
}
