package lang

import (
	"strings"

	"github.com/nescript/nescript/lang/value"
)

// QuoteWord returns text as one argument of a command that reads back as it:
// text itself where it can stand as a word, and in quotes otherwise.
func QuoteWord(text string) string {
	if bareWord(text) {
		return text
	}
	if ascii, bad := checkText([]byte(text)); bad == nil && ascii && !strings.ContainsAny(text, "'\n\r") {
		return "'" + text + "'"
	}
	return value.Quote(text)
}

// bareWord reports whether text can stand as a word without quotes: no byte of
// it has a meaning, and it starts neither a comment nor an assignment. Other
// than ASCII is quoted, for a reader could not tell what it is.
func bareWord(text string) bool {
	if text == "" || text[0] == '#' || text[0] == '=' {
		return false
	}
	for i := range len(text) {
		if !plainBytes[text[i]] {
			return false
		}
	}
	return true
}
