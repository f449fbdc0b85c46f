//go:build linux

package builtins_test

import (
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// account is of the verbs and options that a witness has seen at work. What there
// is comes from the table of verbs, what was seen from what tests do: claim.
var account = struct {
	sync.Mutex
	all, seen, used map[string]bool // of used, a test has passed, whatever it has seen
	same            int             // set-ups that another program has made the same
}{all: map[string]bool{}, seen: map[string]bool{}, used: map[string]bool{}}

func init() {
	for _, item := range builtins.Items() {
		account.all[item] = true
	}
}

// claim enters what a script uses into the account, once its test has seen that
// the witness says of it what it should. says reports whether the witness says so
// of a namespace. It is asked of those where the script has run, after before,
// without each verb and each option in turn, or with another value: what makes no
// difference that the witness shows is not entered.
func claim(t *testing.T, before, script string, says func(ns nsexec.Ref) bool) {
	t.Helper()
	claimBy(t, script, func(other string) bool {
		ns, err := runIn(t, before+other)
		if err != nil {
			return false
		}
		defer drop(t, ns)
		return says(ns)
	})
}

// claimBy is claim for a script that runs otherwise. same reports whether the
// witness says the same of another one.
func claimBy(t *testing.T, script string, same func(script string) bool) {
	t.Helper()
	if t.Failed() {
		return
	}
	for _, u := range usesIn(t, script) {
		tried(u.item)
		if hasSeen(u.item) {
			continue
		}
		if nstest.InVM() && elsewhere()[u.item] {
			see(t, u.item)
			continue
		}
		for _, other := range u.others {
			if checks(other) && !same(other) {
				see(t, u.item)
				break
			}
		}
	}
}

// claimSame is claim for a script whose outcome is what another program has made
// of the same words.
func claimSame(t *testing.T, before, script string, says func(ns nsexec.Ref) bool) {
	t.Helper()
	if t.Failed() {
		return
	}
	account.Lock()
	account.same++
	account.Unlock()
	claim(t, before, script, says)
	// What can't be left out, or be otherwise, is seen with the statement itself.
	for _, u := range usesIn(t, script) {
		if hasSeen(u.item) || slices.ContainsFunc(u.others, checks) {
			continue
		}
		if ns, err := runIn(t, before); err == nil {
			if !says(ns) {
				see(t, u.item)
			}
			drop(t, ns)
		}
	}
}

// claims reports whether a script has anything that is not yet in the account, nor
// in that of the machines whose tests those in the VM are to complete.
func claims(t *testing.T, script string) bool {
	return slices.ContainsFunc(usesIn(t, script), func(u use) bool {
		return !hasSeen(u.item) && !(nstest.OnlyNeeded() && onMachines()[u.item])
	})
}

// elsewhere are the items of testdata/witnessed: those that machines have seen to
// make a difference that are faster than the VM, which asks no more than that the
// witness says of the script what it should. -update writes them, and on such
// machines closeAccount holds the file to what is seen.
var elsewhere = sync.OnceValue(func() map[string]bool {
	items := maps.Clone(onMachines())
	if nstest.InVM() {
		maps.Copy(items, ofFile(witnessedInVM))
		maps.DeleteFunc(items, func(item string, _ bool) bool { return moot(item) != "" })
	}
	return items
})

// onMachines are the items of testdata/witnessed.
var onMachines = sync.OnceValue(func() map[string]bool { return ofFile(witnessedFile) })

// ofFile are the items of a file, none where there is no such file.
func ofFile(name string) map[string]bool {
	items := map[string]bool{}
	text, _ := os.ReadFile(name)
	for item := range strings.Lines(string(text)) {
		items[strings.TrimSpace(item)] = true
	}
	return items
}

// Of witnessedInVM is what runs in the VM have seen to make a difference; without
// the file it takes its time, some minutes, to see all that anew.
const (
	witnessedFile = "testdata/witnessed"
	witnessedInVM = "testdata/witnessed_vm"
)

// checkElsewhere holds testdata/witnessed to what has been seen here, or writes it.
// Of what no test had a use for here, as the kernel lacks it, nothing is known.
func checkElsewhere(w io.Writer) bool {
	var lines []string
	for item := range account.seen {
		lines = append(lines, item+"\n")
	}
	slices.Sort(lines)
	if *update {
		if err := os.WriteFile(witnessedFile, []byte(strings.Join(lines, "")), 0o644); err != nil {
			fmt.Fprintln(w, err)
			return false
		}
		return true
	}
	ok := true
	for item := range elsewhere() {
		if !account.all[item] || account.used[item] && !account.seen[item] {
			fmt.Fprintf(w, "%s says that %q is witnessed, and it is not: go test ./builtins -update\n", witnessedFile, item)
			ok = false
		}
	}
	return ok
}

// tried notes that a test has passed that uses an item.
func tried(item string) {
	account.Lock()
	defer account.Unlock()
	account.used[item] = true
}

func hasSeen(item string) bool {
	account.Lock()
	defer account.Unlock()
	return account.seen[item]
}

// see enters one item, by its name.
func see(t *testing.T, item string) {
	t.Helper()
	account.Lock()
	defer account.Unlock()
	if !account.all[item] {
		t.Errorf("the table has no %q", item)
	}
	account.seen[item] = true
}

// use is a verb or an option in a script, and the script without it, and with
// other values of it.
type use struct {
	item   string
	others []string
}

// usesIn are the verbs and options of a script.
func usesIn(t *testing.T, script string) []use {
	t.Helper()
	f, err := lang.Parse("t.nes", []byte(script))
	if err != nil {
		t.Fatalf("%s: %v", script, err)
	}
	var out []use
	checked := map[*lang.Command]bool{}
	for n := range lang.Preorder(f) {
		if e, ok := n.(*lang.Expect); ok && e.Check != nil {
			checked[e.Check] = true
		}
		if c, ok := n.(*lang.Command); ok {
			out = append(out, usesOf(t, script, c, checked[c])...)
		}
	}
	return out
}

func usesOf(t *testing.T, script string, c *lang.Command, isCheck bool) []use {
	spec, args := builtins.Lookup(c.Verb.Raw), c.Args
	if isCheck {
		spec = builtins.Lookup("expect " + c.Verb.Raw)
	} else if len(args) > 0 {
		if w, ok := args[0].(*lang.Word); ok && builtins.Lookup(c.Verb.Raw+" "+w.Raw) != nil {
			spec, args = builtins.Lookup(c.Verb.Raw+" "+w.Raw), args[1:]
		}
	}
	if spec == nil {
		return nil // a def of the script
	}
	item, mod := spec.Name, builtins.Modifiers(0)
	if c.Modifier != nil {
		item, mod = c.Modifier.Raw+" "+spec.Name, modifiers[c.Modifier.Raw]
	}
	start, end := c.Span()
	out := []use{{item, []string{script[:start.Offset] + script[end.Offset:], ""}}}
	vals := make([]builtins.Arg, len(args))
	for i, a := range args {
		vals[i] = argOf(a)
	}
	given, wrong := builtins.Uses(spec, mod, vals)
	if wrong != nil {
		t.Fatalf("%s: %s", script, wrong.Msg)
	}
	for _, g := range given {
		out = append(out, use{g.Item, othersOf(script, spec, g, args[g.Start:g.End])})
	}
	return out
}

// argOf is an argument as the binder sees it; what has to be worked out first is
// not known.
func argOf(a lang.Arg) builtins.Arg {
	w, ok := a.(*lang.Word)
	switch {
	case !ok:
		return builtins.Arg{}
	case w.Parts == nil:
		return builtins.Arg{Value: value.String(w.Raw), Bare: true}
	case len(w.Parts) == 1:
		if q, ok := w.Parts[0].(*lang.Quoted); ok && len(q.Str.Parts) == 1 {
			if text, ok := q.Str.Parts[0].(*lang.Text); ok {
				return builtins.Arg{Value: value.String(text.Value)}
			}
		}
	}
	return builtins.Arg{}
}

// number is the last number of a text.
var lastNumber = regexp.MustCompile(`^(.*?)(\d+)(\D*)$`)

// othersOf are scripts without an option, and with other values of it.
func othersOf(script string, spec *builtins.Spec, g builtins.Use, args []lang.Arg) []string {
	from, _ := args[0].Span()
	_, to := args[len(args)-1].Span()
	out := []string{script[:from.Offset] + script[to.Offset:]}
	if len(args) == 1 {
		for _, flag := range builtins.Flags(spec) {
			if flag == script[from.Offset:to.Offset] {
				continue
			}
			out = append(out, script[:from.Offset]+flag+script[to.Offset:])
		}
	}
	for _, a := range args[min(1, len(args)):] {
		start, end := a.Span()
		text := script[start.Offset:end.Offset]
		with := func(other string) { out = append(out, script[:start.Offset]+other+script[end.Offset:]) }
		for i, other := range builtins.Alternatives(spec, g.Item, text) {
			if i < 4 {
				with(other)
			}
		}
		if m := lastNumber.FindStringSubmatch(text); m != nil {
			n, err := strconv.ParseUint(m[2], 10, 32)
			if err == nil {
				with(m[1] + fmt.Sprintf("%0*d", len(m[2]), n+1) + m[3])
				with(m[1] + fmt.Sprintf("%0*d", len(m[2]), max(n, 1)-1) + m[3])
				with(m[1] + fmt.Sprintf("%0*d", len(m[2]), 4*n) + m[3])
			}
		}
		if text == "eth0" || text == "eth1" {
			with(map[string]string{"eth0": "eth1", "eth1": "eth0"}[text])
		}
	}
	return out
}

// checks reports whether a script is one: what is refused before a run shows
// nothing of the kernel.
func checks(script string) bool {
	in, err := interp.New()
	if err != nil {
		return false
	}
	defer in.Close()
	return in.CheckString("t.nes", script) == nil
}
