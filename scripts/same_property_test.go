//go:build linux

package scripts_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestSame_stepByStep runs random scripts on what older.sh makes, by an engine
// that does each step by itself and by one that fuses, chooses and knows: what
// is there afterwards, and what is said, is the same.
func TestSame_stepByStep(t *testing.T) {
	nstest.NoLeaks(t)
	drawn(t, nstest.Sample(150, 15, 15))
	w := newWorld(t, manyOlder)
	var c chances
	passed := 0
	rapid.Check(t, func(rt *rapid.T) {
		src := rapid.Custom(randomScript).Draw(rt, "script")
		run := func(opts ...nsexec.Option) (string, error) {
			w.remake(t)
			err := attemptBy(t, "same", src, nil, opts...)
			return nstest.Dump(t), err
		}
		diff := c.differs(t, func() string {
			slow, slowErr := run(nsexec.StepByStep())
			fast, fastErr := run()
			if fastErr == nil {
				passed++
			}
			if diff := nstest.DumpDiff(anyNumbers(slow), anyNumbers(fast)); diff != "" {
				return fmt.Sprintf("makes, step by step (%v) and else (%v),\n%s", slowErr, fastErr, head(diff, 60))
			}
			if a, b := said(slowErr), said(fastErr); a != b && !bothFailed(src, slowErr, fastErr) {
				return fmt.Sprintf("says, step by step and else,\n%s\n%s", a, b)
			}
			return ""
		})
		if diff != "" {
			rt.Fatalf("%s\n%s", src, diff)
		}
	})
	c.check(t)
	t.Logf("%d random scripts did the same step by step to their end", passed)
}

// bothFailed reports whether two runs have failed and which of the errors of a
// `parallel` each of them says may be chance.
func bothFailed(src string, a, b error) bool {
	return a != nil && b != nil && strings.Contains(src, "parallel <")
}

// randomScript draws a script of 1 to 12 statements.
func randomScript(t *rapid.T) string {
	d := draws{t}
	blocks := make([]string, d.number(1, 12))
	for i := range blocks {
		blocks[i] = d.block()
	}
	return strings.Join(blocks, "\n") + "\n"
}

// chance is what differs from run to run: MACs that are not the world's or the
// script's, addresses made of them, the indexes that a run gives to links in
// older namespaces, and what the kernel counts on: indexes, handles of qdiscs.
var chance = regexp.MustCompile(`\bfe80::[0-9a-f:]+|\bff02::1:ff[0-9a-f:]+|\b(?:ifindex|link_index|link) = [0-9.e+]+|"handle":"[89a-f][0-9a-f]{3}:"|\b[89a-f][0-9a-f]{3}:(?:1\b)?|\b([0-9a-f]{2}(?::[0-9a-f]{2}){5})\b|\b[0-9]{8,10}\b|\b[0-9.]+e\+0[89]\b`)

// anyNumbers is a dump without chance; its lines are sorted, since neighbours are
// shown in an order that is chance, too.
func anyNumbers(dump string) string {
	dump = chance.ReplaceAllStringFunc(dump, func(s string) string {
		if strings.HasPrefix(s, "02:00:00:00:") || strings.HasPrefix(s, "ff:ff") || strings.HasPrefix(s, "00:00") {
			return s
		}
		return "…"
	})
	lines := strings.Split(dump, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return anyNumbers(err.Error())
}
