//go:build linux

package nsexec

import (
	"strconv"
	"strings"
)

// quote writes a text so that it is one argument of a statement, whatever it
// holds: as it is where nothing in it has a meaning to the language, else in
// quotes. Names of links may hold any byte but blanks, slashes and colons.
func quote(text string) string {
	if text != "" && strings.Trim(text, plainText) == "" {
		return text
	}
	if isPrintableASCII(text) && !strings.Contains(text, "'") {
		return "'" + text + "'"
	}
	return strings.ReplaceAll(strconv.QuoteToASCII(text), "$", `\$`)
}

// plainText are the bytes without a meaning of their own in a word.
const plainText = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:+@%"

func isPrintableASCII(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
