package lang

import "iter"

// Nearest returns the candidate that a user who wrote word may have meant, or
// "": the one fewest slips away, where a slip is a letter left out, put in,
// replaced, or swapped with the next one. Short words allow fewer slips. Of
// equals the first wins; word itself is none.
func Nearest(word string, candidates []string) string {
	return NearestOf(word, func(yield func(string) bool) {
		for _, c := range candidates {
			if !yield(c) {
				return
			}
		}
	})
}

// NearestOf is Nearest over a sequence.
func NearestOf(word string, candidates iter.Seq[string]) string {
	from := []rune(word)
	best, limit := "", 1+len(from)/3
	if len(from) < 2 {
		return ""
	}
	for c := range candidates {
		to := []rune(c)
		if c == word || abs(len(from)-len(to)) > limit {
			continue
		}
		if d := slips(from, to); d <= limit && d < max(len(from), len(to)) {
			best, limit = c, d-1
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// slips is the optimal string alignment distance between a and b.
func slips(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row[0] = i + 1
		for j := range b {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
