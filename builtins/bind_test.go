//go:build linux

package builtins_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// words are bare arguments. One in quotes is not bare, `?` is not known yet and
// `?…` may turn out to be any number of arguments.
func words(text string) []builtins.Arg {
	var out []builtins.Arg
	for _, w := range strings.Fields(text) {
		switch {
		case w == "?":
			out = append(out, builtins.Arg{})
		case w == "?…":
			out = append(out, builtins.Arg{Spread: true})
		case strings.HasPrefix(w, "'"):
			out = append(out, builtins.Arg{Value: value.String(strings.Trim(w, "'"))})
		default:
			out = append(out, builtins.Arg{Value: value.String(w), Bare: true})
		}
	}
	return out
}

var modifiers = map[string]builtins.Modifiers{"del": builtins.Del, "replace": builtins.Replace, "ensure": builtins.Ensure, "flush": builtins.Flush}

// bind binds a statement that is made of plain words.
func bind(stmt string) (*builtins.Call, *builtins.ArgError) {
	head, rest, _ := strings.Cut(stmt, " ")
	mod, ok := modifiers[head]
	if ok {
		head, rest, _ = strings.Cut(rest, " ")
	}
	spec := builtins.Lookup(head)
	if second, after, _ := strings.Cut(rest, " "); builtins.Lookup(head+" "+second) != nil {
		spec, rest = builtins.Lookup(head+" "+second), after
	}
	if spec == nil {
		return nil, &builtins.ArgError{Arg: -1, Msg: "unknown verb " + head}
	}
	env := &builtins.Env{NS: nsexec.Named("here"), Stdout: io.Discard, Stderr: io.Discard}
	return spec.Bind(env, mod, words(rest))
}

// compile makes the steps of a statement of plain words, with braces expanded
// by hand.
func compile(stmt string) ([]nsexec.Step, error) {
	call, wrong := bind(strings.ReplaceAll(stmt, "eth{0..3}", "eth0 eth1"))
	if wrong != nil {
		return nil, errors.New(wrong.Msg)
	}
	return call.Spec.Compile(call)
}

func TestBind_refuses(t *testing.T) {
	for _, test := range []struct {
		stmt string
		arg  int
		want string // within the message and the help
	}{
		{"up", -1, `"up" needs LINK`},
		{"mtu eth0", -1, `"mtu" needs BYTES`},
		{"mtu eth0 many", 1, `BYTES`},
		{"mtu eth0 1400 1500", 2, `no further argument`},
		{"route 10.0.0.0/24 nexthop via 10.0.0.1 via 10.0.0.2", 4, `given twice`},
		{"bridge br0 mut 1400", 1, `did you mean "mtu"?`},
		{"bridge br0 mtu", 1, `"mtu" needs a value`},
		{"bridge br0 mtu 10", 2, `10 is not in 68..`},
		{"bridge br0 mtu 1400 mtu 1500", 3, `given twice`},
		{"bridge averyveryverylongname", 0, "at most 15 bytes"},
		{"bridge a/b", 0, "no blank, slash or colon"},
		{"bridge br0 stp_state maybe", 2, "maybe"},
		{"up a:b:c", 0, "no blank, slash or colon"},
		{"up index:x", 0, "no index"},
		{"hw eth0 12:34:56:78:9a", 1, "6 bytes"},
		{"addr eth0 10.0.0.300/24", 1, "300"},
		{"addr eth0 10.0.0.1/33", 1, "33"},
		{"route 10.0.0.1/24 via 10.0.0.2", 0, "host bits"},
		{"route 10.0.0.0/24 nexthop", 1, `"nexthop" needs`},
		{"route default dev h1:eth0", 2, "same namespace"},
		{"master h1:eth0 h1:br0", 1, "same namespace"},
		{"veth a b master h1:br0", 3, "same namespace"},
		{"ns ../../etc", 0, "name"},
		{"ns ..", 0, "name"},
		{"up ../x:eth0", 0, "name"},
		{"sysctl kernel.hostname x", 0, "only net"},
		{"sysctl net.ipv4.ip_forward=1", 0, "behind its key and a blank: net.ipv4.ip_forward 1"},
		{"sysctl net.ipv4.ip_forward = 1", 1, "without ="},
		{"sysctl net.ipv4./../../x 1", 0, "no name of a sysctl"},
		{"sysctl net/../kernel/hostname x", 0, "no name of a sysctl"},
		{"flush up eth0", -1, `takes no "flush"`},
		{"link a type bridge", 2, "have a verb, which knows their options: bridge NAME"},
		{"link a type veth", 2, "veth A B"},
		{"link a type NoKind", 2, "is no kind of link"},
		{"veth a 10.0.0.1/24", -1, `"veth" needs B`},
		{"veth a b master br0 master br1", 4, "given twice"},
	} {
		_, err := bind(test.stmt)
		if err == nil {
			t.Errorf("%s: no error", test.stmt)
			continue
		}
		if err.Arg != test.arg || !strings.Contains(err.Msg+"; "+err.Help, test.want) {
			t.Errorf("%s: argument %d: %s; %s\nwant argument %d: %s", test.stmt, err.Arg, err.Msg, err.Help, test.arg, test.want)
		}
	}
}

// args are the arguments of a statement.
func args(stmt string) []builtins.Arg {
	head, rest, _ := strings.Cut(stmt, " ")
	if _, ok := modifiers[head]; ok {
		_, rest, _ = strings.Cut(rest, " ")
	}
	return words(rest)
}

// TestCheck_refuses has the checker refuse, before a run, what takes more than
// one argument to see, also where other arguments are not known yet.
func TestCheck_refuses(t *testing.T) {
	for _, test := range []struct {
		stmt string
		arg  int
		want string // within the message and the help; none where all is well
	}{
		{"macvlan m mode bridge", -1, `needs "link"`},
		{"link a up", -1, `needs "type"`},
		{"del link a up", 1, "takes no options"},
		{"netkit a forward blackhole b", 2, "an end is blackhole or forward, not both"},
		{"netkit a hw 02:00:00:00:00:01 b", 1, "has no MAC address"},
		{"netkit a hw 02:00:00:00:00:01 b mode l2", 0, ""},
		{"netkit a b index 7", 2, "only beside the first one's"},
		{"macvlan ? mode ?", -1, `needs "link"`},
		{"macvlan m link ?", 0, ""},
		{"ensure macvlan m up", 0, ""},
		{"macvlan m link e mode bridge macaddr set 02:00:00:00:00:01", 5, "mode source"},
		{"macvlan m link e mode ? macaddr add ?", 0, ""},
		{"macvlan m link e mode source macaddr add", 5, "takes 1 address"},
		{"macvlan m link e mode source macaddr 02:00:00:00:00:01 set", 7, "once, and first"},
		{"vlan v link e", -1, `needs "id"`},
		{"vlan v id 5", -1, `needs "link"`},
		{"vlan v link e id 5 egress-qos-map 1:2 3", 7, "no pair"},
		{"vxlan v dstport 4789", -1, `needs "id"`},
		{"vxlan v ?…", 0, ""},
		{"vxlan v id 5 group 239.1.1.1", 3, `needs "dev"`},
		{"vxlan v id 5 dev e group 10.0.0.1", 6, "no multicast"},
		{"vxlan v id 5 local 239.1.1.1", 4, "a multicast"},
		{"vxlan v id 5 remote ? group ? dev ?", 3, "not both"},
		{"vxlan v id 5 srcport 1000", 3, "the least and the most"},
		{"vxlan v id 5 srcport 2000 1000", 3, "the least and the most"},
		{"vxlan v id 5 srcport 1000 ?", 0, ""},
		{"tap t numtxqueues 4", 1, `has no option "numtxqueues"`},
		{"bridge b hw 03:00:00:00:00:01", 2, "multicast"},
		{"veth a b hw ff:ff:ff:ff:ff:ff", 3, "multicast"},
		{"hw e 00:00:00:00:00:00", 1, "no address"},
		{"bridge b group_address 01:80:c2:00:00:02", 2, "01:80:c2:00:00:04"},
		{"set e", -1, "at least one"},
		{"port e", -1, "at least one"},
		{"move e nowhere x", 1, "which kind of namespace"},
		{"move e pid x", 1, "not the number"},
		{"move e ns ../x", 1, "name"},
		{"move e ns ?", 0, ""},
		{"route 10.0.0.0/8", -1, "needs a way"},
		{"route 10.0.0.0/8 via ?", 0, ""},
		{"route default via 10.0.0.1 src 2001:db8::1", -1, "two families"},
	} {
		call, err := bind(test.stmt)
		if err == nil {
			_, err = call.Spec.Check(call.Env, call.Modifier, args(test.stmt))
		}
		switch {
		case test.want == "" && err == nil:
		case test.want == "" || err == nil:
			t.Errorf("%s: %v, want %q", test.stmt, err, test.want)
		case err.Arg != test.arg || !strings.Contains(err.Msg+"; "+err.Help, test.want):
			t.Errorf("%s: argument %d: %s; %s\nwant argument %d: %s", test.stmt, err.Arg, err.Msg, err.Help, test.arg, test.want)
		}
	}
}

// TestBind_lenient has the checker accept what is not known yet.
func TestBind_lenient(t *testing.T) {
	for _, stmt := range []string{
		"up ?", "up ?…", "mtu ? ?", "mtu ?…", "veth ? ? ?", "veth a ? b up", "veth ?… master br0 up",
		"bridge ? mtu ?", "vxlan v ?…", "rule ?… table 5", "addr eth0 ?…", "route ? via ?", "ns ?…", "sysctl ?…", "route ?… via 10.0.0.1",
	} {
		if _, err := bind(stmt); err != nil {
			t.Errorf("%s: argument %d: %s", stmt, err.Arg, err.Msg)
		}
	}
}

func TestBind_veth(t *testing.T) {
	call, err := bind("veth h1:eth0 10.0.0.1/24 2001:db8::1/64 hw 02:00:00:00:00:01 r:p1 master br0 10.0.0.2/24 up mtu 9000")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := call.Link("A"), call.Link("B"); a.String() != "h1:eth0" || b.String() != "r:p1" {
		t.Errorf("the ends are %s and %s", a, b)
	}
	if n, m := len(call.Param("PREFIX-A")), len(call.Param("PREFIX-B")); n != 2 || m != 1 {
		t.Errorf("the ends have %d and %d addresses", n, m)
	}
	if _, ok := call.OptionOf(0, "hw"); !ok {
		t.Error("hw is not the first end's")
	}
	if _, ok := call.OptionOf(2, "master"); !ok {
		t.Error("master is not the second end's")
	}
	if !call.Has("up") || !call.Has("mtu") {
		t.Error("up and mtu are not both ends'")
	}
}

// TestBind_first has a first argument be a name even if it is an option's, but
// only where it can be one.
func TestBind_first(t *testing.T) {
	call, err := bind("bridge up up")
	if err != nil {
		t.Fatal(err)
	}
	if call.Link("NAME").Link.Name != "up" || !call.Has("up") {
		t.Errorf("bridge up up is %s", call)
	}
	ping, err := builtins.Lookup("expect ping").Bind(&builtins.Env{}, 0, words("from h1 10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	if !ping.Has("from") {
		t.Error("from is no option of ping")
	}
}

// TestCall_String has calls read back as what they are.
func TestCall_String(t *testing.T) {
	for stmt, want := range map[string]string{
		"bridge br0 stp_state on up": "bridge br0 stp_state on up",
		"del addr eth0 10.0.0.1/24":  "del addr eth0 10.0.0.1/24",
		"alias eth0 'a;b'":           "alias eth0 'a;b'",
		"bridge br0 alias 'up'":      "bridge br0 alias 'up'",
	} {
		call, err := bind(stmt)
		if err != nil {
			t.Errorf("%s: %s", stmt, err.Msg)
			continue
		}
		if got := call.String(); got != want {
			t.Errorf("%s is written %s", stmt, got)
		}
	}
}

func FuzzBind(f *testing.F) {
	for _, s := range builtins.Table() {
		f.Add(s.Example)
	}
	f.Add("veth ? ?… 'up' master")
	f.Fuzz(func(t *testing.T, stmt string) {
		call, err := bind(stmt)
		if err != nil {
			return
		}
		_ = call.String()
		_, _ = call.Spec.Check(call.Env, call.Modifier, args(stmt))
		for _, a := range words(stmt) {
			if a.Value == nil {
				return // only a checker binds these
			}
		}
		call.Spec.Compile(call)
	})
}
