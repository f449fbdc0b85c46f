//go:build linux

package builtins_test

import (
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/nescript/nescript/nsexec/nstest"
)

// standing is how an item stands when the account is closed.
type standing int

const (
	wasSeen standing = iota
	isMissing
	isMoot    // it makes no difference
	isNewer   // this kernel does not have it yet,
	isGone    // not any more,
	isLacking // or is built without
)

// standingOf says how an item stands on a kernel, and why it can't be witnessed.
func standingOf(item string, release int) (s standing, why string) {
	since := listed(newerKernels, item)
	first, _ := parseRelease(since)
	last, _ := parseRelease(goneKernels[item])
	kind := listed(leftOut, item)
	switch why = moot(item); {
	case why != "":
		return isMoot, "one that can't be: " + why
	case release < first:
		return isNewer, "as of Linux " + since
	case last != 0 && release >= last:
		return isGone, "gone since Linux " + goneKernels[item]
	case kind != "" && !account.seen[kind]:
		return isLacking, "of what the kernel lacks"
	case !account.seen[item]:
		return isMissing, ""
	}
	return wasSeen, ""
}

// moot is why an option can't make a difference here, empty where it can.
func moot(item string) string {
	why := mootOptions[item]
	if why == noHardware && nstest.HasNetdevsim() {
		return ""
	}
	return why
}

// closeAccount prints how it stands, once all tests have run. Strictly, as in the
// VM, whose kernel has everything but what is newer, nothing may be missing. Where
// that runs only what others lack, what they have seen is as good.
func closeAccount(w io.Writer, release int, strict bool) bool {
	ok := true
	others := map[string]bool{}
	switch {
	case nstest.OnlyNeeded():
		others = onMachines()
	case nstest.OnlyRest():
		others = onStock()
	}
	count := map[standing]int{}
	var unseen []string
	for item := range account.all {
		if others[item] {
			count[wasSeen]++
			continue
		}
		s, why := standingOf(item, release)
		count[s]++
		if s != wasSeen && account.seen[item] {
			fmt.Fprintf(w, "%s is witnessed, though it is listed %s\n", item, why)
			ok = false
		}
		if s == isMissing || s == isMoot && !account.used[item] && len(others) == 0 {
			unseen = append(unseen, item)
		}
	}
	slices.Sort(unseen)
	fmt.Fprintf(w, "%d of %d options witnessed, %d that make no difference set", count[wasSeen], count[wasSeen]+count[isMissing], count[isMoot])
	for _, need := range []struct {
		of   standing
		what string
	}{{isNewer, "a newer kernel"}, {isGone, "an older one"}, {isLacking, "a module that this kernel lacks"}} {
		if n := count[need.of]; n > 0 {
			fmt.Fprintf(w, ", %d need %s", n, need.what)
		}
	}
	fmt.Fprintf(w, "; %d set-ups the same as another program makes\n", account.same)
	if strict || nstest.InVM() || os.Getenv("NESCRIPT_ACCOUNT") != "" {
		for _, item := range unseen {
			fmt.Fprintf(w, "not witnessed: %s\n", item)
		}
	}
	if nstest.InVM() {
		printAnew(w)
	}
	return ok && (len(unseen) == 0 || !strict)
}

// stockKernel is the series of Debian's own, for which the lists are made: the ip of
// the machine does not show what newer ones have besides.
const stockKernel = "6.1"

// onStock are the items that are witnessed in the VM with the stock kernel, or on
// machines.
func onStock() map[string]bool {
	stock, _ := parseRelease(stockKernel)
	items := maps.Clone(elsewhere())
	maps.DeleteFunc(items, func(item string, _ bool) bool {
		first, _ := parseRelease(listed(newerKernels, item))
		return !onMachines()[item] && (stock < first || listed(leftOut, item) != "" || mootOptions[item] == noHardware)
	})
	return items
}

// printAnew prints what has been seen to make a difference and is in no file yet,
// so that each run in a VM takes its time to see it anew.
func printAnew(w io.Writer) {
	var anew []string
	for item := range account.seen {
		if !elsewhere()[item] {
			anew = append(anew, item)
		}
	}
	slices.Sort(anew)
	for _, item := range anew {
		fmt.Fprintf(w, "%s lacks: %s\n", witnessedInVM, item)
	}
}

// wholeRun reports whether all tests of the package have been run.
func wholeRun() bool {
	for name, all := range map[string][]string{"test.run": {"", "."}, "test.skip": {"", nstest.RootTests}, "test.fuzz": {""}, "test.list": {""}, "test.short": {"false"}, "test.bench": {""}} {
		if f := flag.Lookup(name); f != nil && !slices.Contains(all, f.Value.String()) {
			return false
		}
	}
	return true
}

// listed is what a list has for an item, by its name or by a pattern with a star at
// its start or at its end.
func listed(list map[string]string, item string) string {
	for name, what := range list {
		if item == name || strings.HasPrefix(name, "*") && strings.HasSuffix(item, name[1:]) || strings.HasSuffix(name, "*") && strings.HasPrefix(item, name[:len(name)-1]) {
			return what
		}
	}
	return ""
}
