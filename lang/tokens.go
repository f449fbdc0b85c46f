package lang

import (
	"runtime"

	"github.com/alecthomas/participle/v2/lexer"
)

// chunks returns a function that reads a chunk of tokens, each good until the next
// one is asked for, and nil when the scanner is at the end of its source. It works
// ahead, on a thread of its own, in a file that is worth that.
func (s *scanner) chunks() (next func() *lexer.PeekingLexer) {
	if len(s.src) >= aheadLeast && runtime.GOMAXPROCS(0) > 1 {
		return s.chunksAhead()
	}
	t := tokens{scan: s}
	return func() *lexer.PeekingLexer {
		if s.done() {
			return nil
		}
		return t.next()
	}
}

const (
	aheadLeast  = 256 << 10 // bytes of source
	aheadChunks = 16        // how many the scanner is ahead at most
)

// chunksAhead is chunks on another thread, which ends once all has been asked for.
func (s *scanner) chunksAhead() (next func() *lexer.PeekingLexer) {
	read, free := make(chan *tokens, aheadChunks), make(chan *tokens, aheadChunks)
	for range aheadChunks {
		free <- &tokens{scan: s}
	}
	go func() {
		defer close(read)
		for !s.done() {
			t := <-free
			t.next()
			read <- t
		}
	}()
	var last *tokens
	return func() *lexer.PeekingLexer {
		if last != nil {
			free <- last
		}
		if last = <-read; last == nil {
			return nil
		}
		return last.lex
	}
}

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
