//go:build linux

package main

import (
	"context"
	"strings"
	"time"

	"github.com/nescript/nescript/interp"
)

// completeWithin is how long the kernel may take to answer a press of Tab.
const completeWithin = 2 * time.Second

// completer is what Tab does at the prompt.
type completer struct {
	in *interp.Interp
	// before is the text of the lines that the statement already has.
	before string
}

// Do implements readline.AutoCompleter: it returns what each candidate adds to
// the text before the cursor, and how many runes of that text belong to it.
func (c *completer) Do(line []rune, pos int) (added [][]rune, shared int) {
	typed := string(line[:pos])
	if command, ok := strings.CutPrefix(typed, ":"); ok && c.before == "" {
		return c.command(command)
	}
	ctx, cancel := context.WithTimeout(context.Background(), completeWithin)
	defer cancel()
	src := c.before + typed
	start, candidates := c.in.Complete(ctx, src)
	return suffixes(src[start:], candidates)
}

// command completes the prompt's own commands.
func (c *completer) command(typed string) ([][]rune, int) {
	if topic, ok := strings.CutPrefix(typed, "help "); ok {
		return suffixes(topic, topicNames())
	}
	return suffixes(typed, []string{"help", "quit"})
}

// suffixes are the ends of the candidates that start with word. One that ends
// the word is followed by a blank.
func suffixes(word string, candidates []string) (added [][]rune, shared int) {
	for _, c := range candidates {
		rest, ok := strings.CutPrefix(c, word)
		if !ok {
			continue
		}
		if !strings.HasSuffix(c, ":") && !strings.HasSuffix(c, "(") {
			rest += " "
		}
		added = append(added, []rune(rest))
	}
	return added, len([]rune(word))
}
