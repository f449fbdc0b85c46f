//go:build linux

package interp

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/lang"
)

// maxWords bounds what one word can expand to.
const maxWords = 1 << 16

// partText gives the text of a piece of a word that is not a brace. known is
// false where it can't be told before the run.
type partText func(lang.WordPart) (text string, known bool, err error)

// expand is the brace expansion of a word, as a shell's: every choice of every
// brace, the last one turning fastest. Where a piece is not known, words is
// only as long as the result will be, and where not even that is known it is
// nil.
func expand(parts []lang.WordPart, text partText) (words []string, known bool, err error) {
	words, known = []string{""}, true
	for _, p := range parts {
		var alts []string
		ok := true
		if b, isBrace := p.(*lang.Brace); isBrace {
			alts, ok, err = alternatives(b, text)
		} else {
			var s string
			s, ok, err = text(p)
			alts = []string{s}
		}
		if err != nil {
			return nil, false, err
		}
		known = known && ok
		if alts == nil {
			return nil, false, nil
		}
		if words, err = cross(words, alts); err != nil {
			return nil, false, at(p, err)
		}
	}
	return words, known, nil
}

// cross joins every word with every alternative.
func cross(words, alts []string) ([]string, error) {
	if len(alts) == 1 && len(words) == 1 {
		words[0] += alts[0]
		return words, nil
	}
	if len(words)*len(alts) > maxWords {
		return nil, fmt.Errorf("the word stands for more than %d words", maxWords)
	}
	out := make([]string, 0, len(words)*len(alts))
	for _, w := range words {
		for _, a := range alts {
			out = append(out, w+a)
		}
	}
	return out, nil
}

func alternatives(b *lang.Brace, text partText) (out []string, known bool, err error) {
	known = true
	var sides [][]string
	for _, alt := range b.Alts {
		words, ok, err := expand(alt, text)
		if err != nil || words == nil {
			return nil, false, err
		}
		known = known && ok
		sides = append(sides, words)
		out = append(out, words...)
	}
	if !b.Range {
		return out, known, nil
	}
	if !known {
		return nil, false, nil
	}
	if len(sides) != 2 || len(sides[0]) != 1 || len(sides[1]) != 1 {
		return nil, false, at(b, fmt.Errorf("a range in braces has one first and one last"))
	}
	out, err = braceRange(sides[0][0], sides[1][0])
	return out, true, at(b, err)
}

// braceRange is {first..last}: numbers, padded with zeros where one of the two
// is, or single letters; downwards where last is less.
func braceRange(first, last string) ([]string, error) {
	a, err1 := strconv.ParseInt(first, 10, 64)
	b, err2 := strconv.ParseInt(last, 10, 64)
	letters := false
	if err1 != nil || err2 != nil {
		if !letter(first) || !letter(last) {
			return nil, fmt.Errorf("{%s..%s} goes neither from a number to a number nor from a letter to a letter", first, last)
		}
		a, b, letters = int64(first[0]), int64(last[0]), true
	}
	step := int64(1)
	if b < a {
		step = -1
	}
	if n := (uint64(b) - uint64(a)) * uint64(step); n >= maxWords {
		return nil, fmt.Errorf("{%s..%s} stands for more than %d words", first, last, maxWords)
	}
	width := 0
	if padded(first) || padded(last) {
		width = max(len(first), len(last))
	}
	var out []string
	for i := a; ; i += step {
		if letters {
			out = append(out, string(rune(i)))
		} else {
			out = append(out, fmt.Sprintf("%0*d", width, i))
		}
		if i == b {
			return out, nil
		}
	}
}

func letter(s string) bool {
	return len(s) == 1 && (s[0]|0x20 >= 'a' && s[0]|0x20 <= 'z')
}

func padded(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return len(s) > 1 && s[0] == '0'
}
