//go:build linux

package nstest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// Dump is the state of the process's own network namespace and of every named
// one, as text to compare with another Dump: what iproute2 shows there, the
// sysctls, which namespaces have names, and what NEScript keeps in /run. There
// is a line for each value of a link and for each address, route and so on, in
// the order in which they are, so that [DumpDiff] can say what differs.
//
// What changes by itself is left out (clean says what, and why). What changes
// for a moment only, such as a tentative address, is waited for.
func Dump(t testing.TB) string {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		text, settled, err := dump()
		if err != nil {
			t.Fatal(err)
		}
		if settled || time.Now().After(end) {
			return text
		}
	}
}

// DumpDiff says what differs between two dumps: lines that only the first has
// after a -, lines that only the second has after a +. It is empty if they are
// the same.
func DumpDiff(before, after string) string {
	if before == after {
		return ""
	}
	had, has := strings.Split(before, "\n"), strings.Split(after, "\n")
	var out strings.Builder
	only(&out, "-", had, has)
	only(&out, "+", has, had)
	if out.Len() == 0 { // the same lines in another order
		return cmp.Diff(had, has)
	}
	return out.String()
}

func only(out *strings.Builder, mark string, lines, others []string) {
	known := map[string]int{}
	for _, line := range others {
		known[line]++
	}
	for _, line := range lines {
		known[line]--
		if known[line] < 0 {
			fmt.Fprintf(out, "%s %s\n", mark, line)
		}
	}
}

// dump takes one dump and reports whether nothing in it is on its way to
// something else.
func dump() (text string, settled bool, err error) {
	names, err := nsexec.Namespaces()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, err
	}
	views := make([]view, len(names)+1)
	var all sync.WaitGroup
	all.Go(func() { views[0].take("host", nsexec.NPNow()) })
	for i, name := range names {
		all.Go(func() { views[i+1].take("ns:"+name, nsexec.NPName(name)) })
	}
	all.Wait()
	var out strings.Builder
	if err := outside(&out); err != nil {
		return "", false, err
	}
	settled = true
	for i := range views {
		if views[i].err != nil {
			return "", false, views[i].err
		}
		settled = settled && !views[i].moving
		out.WriteString(views[i].out.String())
	}
	return out.String(), settled, nil
}

// view is what one namespace shows.
type view struct {
	name   string
	out    strings.Builder
	moving bool // something is on its way to another state
	err    error

	queued    []string // the links that have a qdisc
	wireguard bool     // there are links of the kind
}

// take fills the view. The programs run while the sysctls are read, on a thread
// that is in the namespace; `ip -n` would mount a new /sys each time.
func (v *view) take(name string, ns nsexec.NsProvider) {
	v.name = name
	v.err = nsexec.Do(ns, nsexec.NAGeneric("dump", func() error {
		var running []*asked
		for _, q := range slices.Concat(questions, bridgeQuestions()) {
			if _, err := exec.LookPath(q.program[0]); err != nil && q.text != "" || q.none != nil && q.none() {
				continue
			}
			a, err := q.start()
			if err != nil {
				return err
			}
			running = append(running, a)
		}
		sysctls := v.sysctls()
		v.genl()
		v.l3Stats()
		for _, a := range running {
			if err := a.wait(v); err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
		}
		for _, q := range v.further(sysctls) {
			a, err := q.start()
			if err == nil {
				err = a.wait(v)
			}
			if err != nil {
				return fmt.Errorf("%s: %w", v.name, err)
			}
		}
		v.out.WriteString(sysctls)
		return nil
	}))
}

// question is one run of a program and what its answers are, an array of
// objects each.
type question struct {
	program []string
	batch   []string // commands that it reads, as it takes them in -batch
	answers []string
	lacking bool        // the kernel may have nothing of the kind, and then the program fails
	none    func() bool // whether there is nothing to ask about
	text    string      // what the answer is where it is lines of text; a program that is not there has none
}

var questions = []question{
	{
		program: []string{"ip", "-j", "-d", "-batch", "-"},
		batch: []string{
			"link show", "addr show", "route show table all", "rule show",
			"neigh show nud permanent", "neigh show nud noarp", "neigh show proxy", "nexthop show", "token",
		},
		answers: []string{"link", "addr", "route", "rule", "neigh", "noarp", "proxy", "nexthop", "token"},
	},
	{program: []string{"ip", "-6", "-j", "-d", "rule", "show"}, answers: []string{"rule6"}},
	{program: []string{"tc", "-j", "-d", "qdisc", "show"}, answers: []string{"qdisc"}},
	{program: []string{"ip", "-d", "-batch", "-"}, batch: []string{"xfrm policy", "xfrm state"}, text: "policy", none: noXfrm},
	{program: []string{"nft", "-s", "list", "ruleset"}, text: "nft", none: noRuleset},
	{program: []string{"ethtool", "-k", "*"}, text: "offload"},
}

// asked is a program that runs.
type asked struct {
	question
	cmd         *exec.Cmd
	out, errOut bytes.Buffer
}

func (q question) start() (*asked, error) {
	a := &asked{question: q, cmd: exec.Command(q.program[0], q.program[1:]...)}
	a.cmd.Stdout, a.cmd.Stderr = &a.out, &a.errOut
	if q.batch != nil {
		a.cmd.Stdin = strings.NewReader(strings.Join(q.batch, "\n") + "\n")
	}
	return a, a.cmd.Start()
}

// wait adds the program's answers to the view.
func (a *asked) wait(v *view) error {
	if err := a.cmd.Wait(); err != nil {
		if a.lacking && bytes.Contains(a.errOut.Bytes(), []byte("not supported")) {
			return nil
		}
		return fmt.Errorf("%q: %w: %s", a.program, err, bytes.TrimSpace(a.errOut.Bytes()))
	}
	if a.text != "" {
		v.text(a.text, a.out.String())
		return nil
	}
	noarp := map[string]bool{}
	decoder := json.NewDecoder(&a.out)
	for _, what := range a.answers {
		var objects []map[string]any
		if err := decoder.Decode(&objects); err != nil {
			return fmt.Errorf("%q: its answer %q: %w", a.program, what, err)
		}
		if what == "link" {
			v.moving = v.moving || slices.ContainsFunc(objects, linkMoves)
			noarp = withoutARP(objects)
		}
		if what == "addr" {
			v.moving = v.moving || slices.ContainsFunc(objects, addrMoves)
		}
		for _, o := range clean(what, objects, noarp) {
			v.notes(what, o)
			if err := v.object(what, o); err != nil {
				return err
			}
		}
	}
	return nil
}

// object writes one object of an answer. A link has a line for each value, and
// each address has one with its link's name; others are a line. No line has its
// number, or one that is missing would change all after it.
func (v *view) object(what string, o map[string]any) error {
	name := fmt.Sprintf("%s[%s]", what, o["ifname"])
	switch what {
	case "link":
		v.flatten(name, o)
	case "addr":
		infos, _ := o["addr_info"].([]any)
		for _, info := range infos {
			if err := v.json(name, info); err != nil {
				return err
			}
		}
	default:
		return v.json(what, o)
	}
	return nil
}

// json writes a line of JSON.
func (v *view) json(what string, x any) error {
	text, err := json.Marshal(x)
	if err == nil {
		v.line(what, string(text))
	}
	return err
}

// flatten writes a line for each value.
func (v *view) flatten(path string, x any) {
	switch x := x.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(x)) {
			v.flatten(path+"."+key, x[key])
		}
	default:
		v.line(path, fmt.Sprint(x))
	}
}

func (v *view) line(path, value string) {
	v.out.WriteString(v.name)
	v.out.WriteByte(' ')
	v.out.WriteString(path)
	v.out.WriteString(" = ")
	v.out.WriteString(value)
	v.out.WriteByte('\n')
}

// sysctlRoot holds the sysctls of the namespace of whoever reads it.
const sysctlRoot = "/proc/sys/net"

// volatile are the sysctls left out: the first counts connections, which come
// and go; the second the kernel makes up when a link without a hardware address
// first has a carrier, and nobody can take it away again.
var volatile = map[string]bool{"nf_conntrack_count": true, "stable_secret": true}

// sysctls are the lines of all sysctls that can be read. Those that can't are
// commands (route/flush) or have no value yet (stable_secret).
func (v *view) sysctls() string {
	var out strings.Builder
	root, err := os.Open(sysctlRoot)
	if err != nil {
		return ""
	}
	defer root.Close()
	v.sysctlsIn(&out, root, "", make([]byte, 4096))
	return out.String()
}

// sysctlsIn spares what os.ReadFile does beside reading: there are thousands.
func (v *view) sysctlsIn(out *strings.Builder, dir *os.File, path string, buf []byte) {
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		fd, err := unix.Openat(int(dir.Fd()), e.Name(), unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if e.IsDir() {
			sub := os.NewFile(uintptr(fd), e.Name())
			v.sysctlsIn(out, sub, path+e.Name()+"/", buf)
			sub.Close()
			continue
		}
		n, err := unix.Read(fd, buf)
		unix.Close(fd)
		if err == nil && !volatile[e.Name()] {
			out.WriteString(v.name + " sysctl " + path + e.Name() + " = " + strings.TrimSpace(string(buf[:n])) + "\n")
		}
	}
}

// outside writes what is in the file system: the names and which namespace each
// stands for, what is mounted there, and what NEScript keeps.
func outside(out *strings.Builder) error {
	for _, root := range []string{nsexec.DefaultMountPath, "/run/nescript"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "file %s = %s", path, info.Mode())
			if !info.IsDir() {
				fmt.Fprintf(out, " inode %d size %d", info.Sys().(*syscall.Stat_t).Ino, info.Size())
			}
			out.WriteByte('\n')
			return nil
		})
		if err != nil {
			return err
		}
	}
	return mounts(out)
}

// mounts writes the mounts on /run, without their numbers, which are new for
// each mount, also for one that is put back.
func mounts(out *strings.Builder) error {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	var lines []string
	for line := range strings.Lines(string(text)) {
		// ID PARENT DEVICE ROOT POINT OPTIONS …
		if f := strings.Fields(line); len(f) > 5 && strings.HasPrefix(f[4], "/run/") {
			lines = append(lines, fmt.Sprintf("mount %s = %s %s\n", f[4], f[3], f[5]))
		}
	}
	slices.Sort(lines)
	out.WriteString(strings.Join(lines, ""))
	return nil
}
