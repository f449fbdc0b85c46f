//go:build linux

package builtins_test

import (
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cilium/ebpf"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// progs is what testdata/bpf/progs.c is built to.
const progs = "testdata/bpf/progs.o"

func withProgs(text string) string { return strings.ReplaceAll(text, "PROGS", progs) }

// bpfSame are statements, what tc and ip say for the same, what of the table of
// options that shows, and what a run does to it before it fails, if it does.
var bpfSame = []struct{ script, lines, shows, undone string }{
	{
		`qdisc eth0 clsact; filter eth0 ingress bpf da obj PROGS sec drop; filter eth0 egress pref 7 protocol ip bpf object-file PROGS section drop flowid 1:5 skip_hw
set eth0 mtu 1300 xdp obj PROGS sec xdp_drop up; set eth1 xdpgeneric obj PROGS program xdp_pass; addr eth0 10.0.0.1/24
route 10.9.0.0/16 dev eth0 encap bpf in obj PROGS sec lwt out obj PROGS sec lwt xmit obj PROGS sec lwt headroom 20
route 2001:db8:9::/64 dev eth0 table 7 encap seg6local action End.BPF endpoint obj PROGS sec lwt`,
		`tc qdisc add dev eth0 clsact
tc filter add dev eth0 ingress bpf da obj PROGS sec drop
tc filter add dev eth0 egress pref 7 protocol ip bpf skip_hw obj PROGS sec drop flowid 1:5
ip link set dev eth0 mtu 1300
ip link set dev eth0 xdp obj PROGS sec xdp_drop
ip link set dev eth1 xdpgeneric obj PROGS sec xdp
ip addr add 10.0.0.1/24 dev eth0
ip route add 10.9.0.0/16 encap bpf in obj PROGS sec lwt out obj PROGS sec lwt xmit obj PROGS sec lwt headroom 20 dev eth0
ip route add 2001:db8:9::/64 table 7 encap seg6local action End.BPF endpoint obj PROGS sec lwt dev eth0`,
		"filter bpf da, filter bpf obj, filter bpf sec, set xdp, set xdp obj, set xdp sec, set xdpgeneric, set xdpgeneric obj, set xdpgeneric program, route encap bpf, route encap bpf in, route encap bpf out, route encap bpf xmit, route encap seg6local endpoint",
		"del qdisc eth0 clsact; set eth0 xdp off; set eth1 xdpgeneric obj PROGS sec xdp_drop; del route 10.9.0.0/16; del route 2001:db8:9::/64 table 7",
	},
	{
		"qdisc eth0 clsact; filter eth0 ingress bpf direct-action obj PROGS; replace filter eth0 ingress pref 3 handle 2 bpf da obj PROGS program tc_drop",
		"tc qdisc add dev eth0 clsact\ntc filter add dev eth0 ingress bpf da obj PROGS sec tc\ntc filter add dev eth0 ingress pref 3 handle 2 bpf da obj PROGS sec drop",
		"filter bpf program", "",
	},
	{
		"qdisc eth0 clsact; filter eth0 ingress bpf da pinned /sys/fs/bpf/SchedCLS",
		"tc qdisc add dev eth0 clsact\ntc filter add dev eth0 ingress bpf da pinned /sys/fs/bpf/SchedCLS",
		"filter bpf pinned", "",
	},
	{"set eth0 xdpdrv obj PROGS sec xdp", "ip link set dev eth0 xdpdrv obj PROGS sec xdp", "set xdpdrv, set xdpdrv obj, set xdpdrv sec", ""},
	{
		"set eth0 xdpdrv obj PROGS sec xdp; set eth0 xdp obj PROGS sec xdp_drop; set eth1 xdpgeneric obj PROGS sec xdp; set eth1 xdp off",
		"ip link set dev eth0 xdpdrv obj PROGS sec xdp_drop", "set xdp off", "",
	},
}

// Test_bpfSame: what scripts make of programs is what tc and ip make.
func Test_bpfSame(t *testing.T) {
	nstest.NeedTraffic(t, "filter bpf")
	pin(t, "SchedCLS")
	all := bpfSame
	if nstest.InVM() {
		all = all[:1] // other machines make the rest, too
	}
	for _, test := range all {
		ours, err := runIn(t, hardware+withProgs(test.script))
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		theirs, err := runIn(t, hardware)
		if err != nil {
			t.Fatal(err)
		}
		batches(t, theirs, withProgs(test.lines))
		if diff := cmp.Diff(bpfShown(t, theirs), bpfShown(t, ours)); diff != "" {
			t.Errorf("%s differs from %s:\n%s", test.script, test.lines, diff)
		}
		if test.undone != "" {
			before := bpfNumbered(t, theirs)
			undoneAtOnce(t, "in ns "+theirs.Name+" < "+withProgs(test.undone)+" >")
			if diff := nstest.DumpDiff(before, bpfNumbered(t, theirs)); diff != "" {
				t.Errorf("%s:\n%s", test.undone, diff)
			}
		}
	}
	for i, test := range bpfSame {
		for item := range strings.SplitSeq(test.shows, ", ") {
			if !t.Failed() && (i < len(all) || elsewhere()[item]) {
				see(t, item)
			}
		}
	}
}

// batches has tc and ip run lines, each program those that follow each other at
// once.
func batches(t *testing.T, ns nsexec.Ref, lines string) {
	t.Helper()
	batch, of := "", ""
	run := func() {
		if batch == "" {
			return
		}
		if _, err := nstest.Output(ns, batch, of, "-batch", "-"); err != nil {
			t.Fatal(err)
		}
		batch = ""
	}
	for line := range strings.SplitSeq(lines, "\n") {
		program, words, _ := strings.Cut(line, " ")
		if program != of {
			run()
		}
		batch, of = batch+words+"\n", program
	}
	run()
}

// bpfTypes are the types of programs that filters, links and routes run, by the
// names of what pin pins.
var bpfTypes = map[string]ebpf.ProgramType{
	"SchedCLS": ebpf.SchedCLS, "XDP": ebpf.XDP, "LWTIn": ebpf.LWTIn, "LWTOut": ebpf.LWTOut, "LWTXmit": ebpf.LWTXmit, "LWTSeg6Local": ebpf.LWTSeg6Local,
}

// pin pins a program, called first, as one of a type.
func pin(t *testing.T, typ string) {
	t.Helper()
	spec, err := ebpf.LoadCollectionSpec(progs)
	if err != nil {
		t.Fatal(err)
	}
	first := spec.Programs["first"]
	first.Type = bpfTypes[typ]
	p, err := ebpf.NewProgram(first)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	path := "/sys/fs/bpf/" + typ
	if err := p.Pin(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
}

// bpfShown is what tc and ip show of programs, without the numbers that each has
// for itself.
func bpfShown(t *testing.T, ns nsexec.Ref) []string {
	t.Helper()
	return strings.Split(bpfNumbers.ReplaceAllString(bpfNumbered(t, ns), ""), "\n")
}

var bpfNumbers = regexp.MustCompile(`(?m)\bid \d+ |load_time \d+|btf_id \d+|created_by_uid \d+|^\d+: `)

// bpfNumbered is what they show, with all numbers.
func bpfNumbered(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	text := ""
	for _, ask := range []struct{ program, batch string }{
		{"tc", "qdisc show dev eth0\nqdisc show dev eth1\nfilter show dev eth0 ingress\nfilter show dev eth0 egress\nfilter show dev eth1 ingress\n"},
		{"ip", "link show eth0\nlink show eth1\nroute show table all\n"},
	} {
		out, err := nstest.Output(ns, ask.batch, ask.program, "-d", "-batch", "-")
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out) {
			if ask.program == "tc" || !routeLine.MatchString(line) || strings.Contains(line, "encap") {
				text += line
			}
		}
	}
	return text
}

var routeLine = regexp.MustCompile(`^[^ ].* dev `)

// olderBPF is made by tc and ip, before a run.
const olderBPF = `tc qdisc add dev eth0 clsact
tc filter add dev eth0 ingress pref 7 bpf da obj PROGS sec tc
tc filter add dev eth0 egress pref 8 handle 3 bpf obj PROGS sec drop classid 1:7
ip link set dev eth1 xdp obj PROGS sec xdp
ip link set dev eth0 up
ip link set dev eth1 up
ip addr add 10.0.0.1/24 dev eth0
ip route add 10.77.0.0/16 encap bpf xmit obj PROGS sec lwt headroom 20 dev eth0
ip route add 2001:db8:77::/64 table 7 encap seg6local action End.BPF endpoint obj PROGS sec lwt dev eth0`

// bpfRuns are what a run does to that before it fails.
var bpfRuns = []string{
	"del qdisc eth0 clsact; set eth1 xdp off; del route 10.77.0.0/16; del route 2001:db8:77::/64 table 7",
	"del filter eth0 ingress pref 7",
	"replace filter eth0 ingress pref 7 handle 1 bpf da obj PROGS sec drop; del filter eth0 egress pref 8 handle 3 bpf",
	"filter eth0 ingress bpf da obj PROGS; filter eth0 egress pref 8 bpf da obj PROGS sec drop",
	"set eth1 xdp obj PROGS sec xdp_drop; set eth0 xdpgeneric obj PROGS",
	"set eth1 xdp off; set eth1 xdpgeneric obj PROGS sec xdp_drop mtu 1400",
	"set eth1 xdpdrv off; rename eth1 other",
	"del link eth1",
	"ns elsewhere; move eth1 ns elsewhere; in ns elsewhere < set eth1 xdp off >",
	"replace route 10.77.0.0/16 dev eth0 encap bpf in obj PROGS sec lwt",
	"replace route 2001:db8:77::/64 table 7 dev eth0 encap seg6local action End.BPF endpoint obj PROGS sec lwt",
	"flush route",
	"route 10.78.0.0/16 dev eth0 encap bpf out obj PROGS sec lwt; route 2001:db8:78::/64 dev eth0 encap seg6local action End.BPF endpoint obj PROGS sec lwt",
	"down eth0; mtu eth0 1200",
}

// Test_bpfUndo: a run that fails leaves older programs where they were, the same
// ones: tc and ip show their numbers.
func Test_bpfUndo(t *testing.T) {
	if nstest.InVM() {
		return // Test_bpfSame has the VM undo a change of everything
	}
	var runs []string
	for _, run := range bpfRuns {
		runs = append(runs, withProgs(run))
	}
	undoes(t, withProgs(olderBPF), runs)
}

// Test_bpfUndoRoute: of the program of a route the kernel tells no number. It is
// put back where there is no doubt which it was, and is left alone otherwise.
func Test_bpfUndoRoute(t *testing.T) {
	if nstest.InVM() {
		return // the kernel has its part in Test_bpfSame
	}
	const older = `ip link set dev eth0 up
ip addr add 10.0.0.1/24 dev eth0
ip route add 10.77.0.0/16 encap bpf xmit obj PROGS sec lwt dev eth0`
	// Those of the tests before go with their namespaces, which takes the kernel a while.
	for end := time.Now().Add(10 * time.Second); len(programsOf(t, ebpf.LWTXmit)) > 0 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	ns := quietNS(t)
	runLines(t, ns, withProgs(older))
	in, err := interp.New()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	before := programsOf(t, ebpf.LWTXmit)
	run := func(stmt string) error {
		return in.RunString(t.Context(), "t.nes", "atomic < in ns "+ns.Name+" < "+withProgs(stmt)+"; fail 'now' > >")
	}
	if err := run("replace route 10.77.0.0/16 dev eth0 encap bpf in obj PROGS sec lwt"); err == nil || !strings.HasSuffix(err.Error(), "now") {
		t.Errorf("of one route: %v", err)
	}
	if after := programsOf(t, ebpf.LWTXmit); len(before) == 0 || !slices.Equal(before, after) {
		t.Errorf("the route had the programs %d, and has %d", before, after)
	}
	// Two that are not alike.
	runLines(t, ns, withProgs("ip route add 10.78.0.0/16 encap bpf xmit obj PROGS sec drop dev eth0"))
	const want = `could not be put back: there is no telling which BPF program "progs.o:[lwt]" was`
	if err := run("del route 10.77.0.0/16"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("of two routes: %v", err)
	}
	if got, _ := show(t, ns, "route show 10.77.0.0/16").([]any); len(got) != 1 {
		t.Errorf("the route that could not be put back is gone")
	}
}

// programsOf are the numbers of the programs of a type that are loaded.
func programsOf(t *testing.T, typ ebpf.ProgramType) []ebpf.ProgramID {
	t.Helper()
	var out []ebpf.ProgramID
	for id, err := ebpf.ProgramGetNextID(0); err == nil; id, err = ebpf.ProgramGetNextID(id) {
		p, err := ebpf.NewProgramFromID(id)
		if err != nil {
			continue // it is gone by now
		}
		if p.Type() == typ {
			out = append(out, id)
		}
		p.Close()
	}
	return out
}

// Test_bpfDown: what a run that was killed has put on older links goes by its
// journal. A program that it took the place of is gone with the run, and that is
// said; one that something else holds is put back.
func Test_bpfDown(t *testing.T) {
	if nstest.InVM() {
		return // the kernel has its part in Test_bpfSame
	}
	ns := quietNS(t)
	in := func(stmt string) string { return "in ns " + ns.Name + " < " + withProgs(stmt) + " >" }
	before := bpfShown(t, ns)
	undoneFromJournal(t, in("set eth0 xdp obj PROGS; qdisc eth1 clsact; filter eth1 ingress bpf da obj PROGS; set eth1 xdpgeneric obj PROGS sec xdp_drop"))
	if diff := cmp.Diff(before, bpfShown(t, ns)); diff != "" {
		t.Error(diff)
	}
	pin(t, "SchedCLS")
	runLines(t, ns, withProgs("tc qdisc add dev eth0 clsact\ntc filter add dev eth0 ingress pref 7 bpf da pinned /sys/fs/bpf/SchedCLS\nip link set dev eth1 xdp obj PROGS sec xdp"))
	before = bpfShown(t, ns)
	undoneFromJournal(t, in("replace filter eth0 ingress pref 7 handle 1 bpf da obj PROGS sec drop"))
	if diff := cmp.Diff(before, bpfShown(t, ns)); diff != "" {
		t.Error(diff)
	}
	err := killed(t, in("set eth1 xdp obj PROGS sec xdp_drop"))
	if err == nil || !strings.Contains(err.Error(), "xdp of eth1: the BPF program number") || !strings.Contains(err.Error(), "is no more") {
		t.Errorf("with the older one gone: %v", err)
	}
	if text := strings.Join(bpfShown(t, ns), "\n"); strings.Contains(text, "prog/xdp") {
		t.Errorf("the run's program is still there:\n%s", text)
	}
}

// killed runs a script, and what its journal says of its last change, as after the
// process is gone.
func killed(t *testing.T, script string) error {
	t.Helper()
	in, statements := journaled(t, script)
	defer in.Close()
	return in.Replay(t.Context(), statements[len(statements)-1])
}

// TestBPF_refused: what is wrong with an object is said before anything is done.
func TestBPF_refused(t *testing.T) {
	tests := map[string]string{
		"filter eth0 bpf da":                                                         `bpf needs a program: "obj"`,
		"filter eth0 bpf obj none.o":                                                 `can't read "none.o": no such file`,
		"filter eth0 bpf obj testdata/bpf/progs.c":                                   `"testdata/bpf/progs.c" is no object of BPF programs`,
		"filter eth0 bpf obj PROGS sec classifier":                                   `has no section "classifier"; there are: bad, drop, lwt, tc, two, xdp, xdp_drop`,
		"filter eth0 bpf obj PROGS sec two":                                          `has several programs, so one must be named with program: first, second`,
		"filter eth0 bpf obj PROGS sec two program third":                            `no program "third"`,
		"filter eth0 bpf obj PROGS bytecode '1,6 0 0 0'":                             "not both",
		"filter eth0 bpf obj PROGS pinned /run/x":                                    "not both",
		"filter eth0 bpf obj testdata/bpf/pinning.o":                                 `the map "kept"`,
		"filter eth0 u32 match u32 0 0 obj PROGS":                                    `u32 has no option "obj"`,
		"set eth0 xdp sec xdp":                                                       `xdp needs "obj"`,
		"set eth0 xdp obj PROGS off":                                                 "off or a program",
		"set eth0 xdp obj PROGS xdpgeneric obj PROGS":                                "one mode at once",
		"set eth0 xdp pinned /run/x sec xdp":                                         "has no section",
		"route 10.0.0.0/8 dev eth0 encap bpf headroom 20":                            `needs "in", "out" or "xmit"`,
		"route 10.0.0.0/8 dev eth0 encap bpf in obj PROGS":                           "several sections, so one must be named with sec",
		"route 10.0.0.0/8 dev eth0 encap bpf in obj none.o":                          "none.o",
		"route 2001:db8::/64 dev eth0 encap seg6local action End.BPF":                "End.BPF needs endpoint",
		"route 2001:db8::/64 dev eth0 encap seg6local action End endpoint obj PROGS": `End takes no "endpoint"`,
	}
	with := map[string]string{}
	for stmt, want := range tests {
		with[withProgs(stmt)] = want
	}
	refused(t, with)
	// What a program may yet make is looked for when it is its turn.
	for _, later := range []string{"exec true; filter eth0 bpf obj none.o", "let f = file('x'); filter eth0 bpf obj $f"} {
		if !checks(later) {
			t.Errorf("%s is refused before it runs", later)
		}
	}
}

// TestBPF_forbidden: in a sandbox no program can be loaded, and that is said.
func TestBPF_forbidden(t *testing.T) {
	if nstest.InVM() {
		return // there is nothing of the kernel in it
	}
	_, err := runIn(t, withProgs("set eth0 xdp obj PROGS"))
	if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "without --sandbox") {
		t.Errorf("in a sandbox: %v", err)
	}
}

// Test_bpfUnfit: what the kernel does not take is said with its reasons.
func Test_bpfUnfit(t *testing.T) {
	for _, word := range []string{"", " obj", " sec", " program", " pinned", " off"} {
		tried("set xdpoffload" + word)
	}
	if nstest.InVM() {
		return // what is wrong with a program is the same on any kernel
	}
	pin(t, "SchedCLS")
	for stmt, want := range map[string]string{
		"qdisc eth0 clsact; filter eth0 ingress bpf da obj PROGS sec bad": `refuses the program "look" of section "bad": `,
		"set eth0 xdp pinned /sys/fs/bpf/SchedCLS":                        "it is a program of type SchedCLS, not XDP",
		"set eth0 xdp pinned /sys/fs/bpf/none":                            "no such file",
		"set eth0 xdpoffload obj PROGS sec xdp":                           `refuses the program "xdp_pass"`,
		"set eth0 xdpoffload obj PROGS program xdp_pass":                  `refuses the program "xdp_pass"`,
		"set eth0 xdpoffload pinned /sys/fs/bpf/SchedCLS":                 "not XDP",
	} {
		_, err := runIn(t, withProgs(stmt))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", stmt, err, want)
		} else {
			t.Log(err)
		}
	}
}
