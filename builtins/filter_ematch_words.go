//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"
)

// ematchQuote starts a word that stood in double quotes.
const ematchQuote = `"`

// ematchTokens are the words of an expression, and its parentheses. What stands in
// double quotes is one word, with C's escapes (emp_ematch.l of iproute2).
func ematchTokens(s string) ([]string, error) {
	const blank = " \t\r\n"
	var out []string
	for s = strings.TrimLeft(s, blank); s != ""; s = strings.TrimLeft(s, blank) {
		switch {
		case s[0] == '(' || s[0] == ')':
			out, s = append(out, s[:1]), s[1:]
		case strings.HasPrefix(s, ematchQuote):
			text, rest, err := ematchText(s[1:])
			if err != nil {
				return nil, err
			}
			out, s = append(out, ematchQuote+text), rest
		default:
			end := strings.IndexAny(s, blank+"()")
			if end < 0 {
				end = len(s)
			}
			out, s = append(out, s[:end]), s[end:]
		}
	}
	return out, nil
}

// ematchEscapes are the letters behind a backslash that stand for something else.
var ematchEscapes = map[byte]byte{'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', 'b': '\b', 'f': '\f', 'a': '\a'}

// ematchText reads up to the double quotes that end a text, and returns what is
// behind them.
func ematchText(s string) (text, rest string, err error) {
	var out []byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return string(out), s[i+1:], nil
		case c != '\\' || i+1 == len(s):
			out = append(out, c)
		default:
			b, n, err := ematchEscape(s[i+1:])
			if err != nil {
				return "", "", err
			}
			out = append(out, b)
			i += n
		}
	}
	return "", "", fmt.Errorf("double quotes are not closed: %q", s)
}

// ematchEscape reads what is behind a backslash, and says how much of it that is.
func ematchEscape(s string) (byte, int, error) {
	run := func(s, digits string) int { return len(s) - len(strings.TrimLeft(s, digits)) }
	if n := run(s, "0123456789"); n > 0 {
		b, err := strconv.ParseUint(s[:n], 8, 8)
		if err != nil || n > 3 {
			return 0, 0, fmt.Errorf(`\%s is no byte: up to three digits, in octal`, s[:n])
		}
		return byte(b), n, nil
	}
	if n := min(2, run(s[1:], "0123456789abcdefABCDEF")); s[0] == 'x' && n > 0 {
		b, err := strconv.ParseUint(s[1:1+n], 16, 8)
		return byte(b), 1 + n, err
	}
	if b, ok := ematchEscapes[s[0]]; ok {
		return b, 1, nil
	}
	return s[0], 1, nil
}
