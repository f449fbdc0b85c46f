//go:build linux

package nstest

import (
	"regexp"
	"slices"
	"strings"
)

// text writes an answer line by line. Of ethtool's, each has its link's name, and
// the links are sorted: their order is that in which they came here. So are nft's
// tables and policies of IPsec, each of which is by itself.
func (v *view) text(what, answer string) {
	of, lines := "", []string{}
	if end, apart := map[string]string{"nft": "}\n", "policy": ""}[what]; apart {
		objects := objectsIn(answer, end)
		slices.Sort(objects)
		answer = strings.Join(objects, "")
	}
	for line := range strings.Lines(answer) {
		line = strings.TrimRight(line, "\n")
		if link, ok := strings.CutPrefix(line, "Features for "); ok {
			of = link
		} else if line != "" {
			lines = append(lines, of+line)
		}
	}
	if of != "" {
		slices.Sort(lines)
	}
	for _, line := range cleanText(what, lines) {
		v.line(what, line)
	}
}

// objectsIn takes apart an answer where a line that is not indented follows one
// that is, or where a line is the end of an object.
func objectsIn(answer, end string) []string {
	var out []string
	fresh := true
	for line := range strings.Lines(answer) {
		if fresh || end == "" && !strings.HasPrefix(line, "\t") {
			out = append(out, "")
		}
		out[len(out)-1] += line
		fresh = end != "" && line == end
	}
	return out
}

// trafficCounters are what changes of classes and filters by itself.
var trafficCounters = regexp.MustCompile(`installed \d+ sec|used \d+ sec|direct_packets_stat \d+|refcnt \d+|ref \d+ bind \d+`)

// cleanText drops from lines what changes without anybody changing it, and orders
// what has no order.
func cleanText(what string, lines []string) []string {
	for i, line := range lines {
		switch what {
		case "traffic":
			lines[i] = trafficCounters.ReplaceAllString(line, "")
		case "wireguard": // of a peer: the last handshake, and what went through
			if f := strings.Split(line, "\t"); len(f) == 9 {
				allowed := strings.Split(f[4], ",")
				slices.Sort(allowed)
				lines[i] = strings.Join(append(f[:4:4], strings.Join(allowed, ","), f[8]), "\t")
			}
		}
	}
	switch what {
	case "wireguard":
		slices.Sort(lines)
	case "traffic":
		sortClasses(lines)
	}
	return lines
}

// sortClasses orders the classes, which are in a hash table, and leaves the
// filters as they are.
func sortClasses(lines []string) {
	for i := 0; i < len(lines); {
		n := i
		for n < len(lines) && strings.HasPrefix(lines[n], "class ") {
			n++
		}
		slices.Sort(lines[i:n])
		i = n + 1
	}
}
