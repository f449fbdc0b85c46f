//go:build linux

package interp_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestMain enters a private user, mount and network namespace.
func TestMain(m *testing.M) { nstest.Main(m) }

// kernel runs a script on the real engine and returns what it printed.
func kernel(t *testing.T, src string, opts ...interp.Option) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	in, err := interp.New(append([]interp.Option{interp.Stdio(nil, &out, &out)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	t.Cleanup(func() { removeNamespaces(t) })
	err = in.RunString(ctx, "t.nes", src)
	return out.String(), err
}

func mustKernel(t *testing.T, src string, opts ...interp.Option) string {
	t.Helper()
	out, err := kernel(t, src, opts...)
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, rendered(err))
	}
	return out
}

func rendered(err error) string {
	var b strings.Builder
	for _, d := range interp.Diagnose(err) {
		d.Render(&b, false)
	}
	return b.String()
}

// removeNamespaces deletes what a test has left in the private /run/netns.
func removeNamespaces(t *testing.T) {
	names, _ := filepath.Glob("/run/netns/*")
	for _, name := range names {
		if out, err := exec.Command("ip", "netns", "del", filepath.Base(name)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}

func TestKernel_founding(t *testing.T) {
	if out, err := exec.Command("ip", "netns", "add", "example").CombinedOutput(); err != nil {
		t.Fatalf("ip netns add: %v: %s", err, out)
	}
	mustKernel(t, `in ns example < bridge br0; hw br0 12:23:34:45:56:67; up br0 >`)
	link := nstest.IP(t, "-n", "example", "link", "show", "br0")[0]
	if link["address"] != "12:23:34:45:56:67" || !hasFlag(link, "UP") {
		t.Errorf("br0 is %v", link)
	}
}

func hasFlag(link map[string]any, want string) bool {
	flags, _ := link["flags"].([]any)
	for _, f := range flags {
		if f == want {
			return true
		}
	}
	return false
}

// TestKernel_star is the first example of the language.
func TestKernel_star(t *testing.T) {
	src, err := os.ReadFile("../scripts/star.nes")
	if err != nil {
		t.Fatal(err)
	}
	for _, hosts := range []string{"3", "50"} {
		t.Run(hosts, func(t *testing.T) {
			mustKernel(t, string(src), interp.Params(map[string]string{"hosts": hosts}))
			ports := nstest.IP(t, "-n", "r", "link", "show", "master", "br0")
			if got := len(ports); got != map[string]int{"3": 3, "50": 50}[hosts] {
				t.Errorf("br0 has %d ports, want %s", got, hosts)
			}
		})
	}
}

func TestKernel_queries(t *testing.T) {
	out := mustKernel(t, `
ns a b
veth a:eth0 10.0.0.1/24 b:eth0 10.0.0.2/24 up
settle
in ns a <
    let l = link("eth0")
    print ${l.ifname} ${l.mtu} ${link("b:eth0").mtu} ${len(links())} ${len(links("b"))}
    print ${addrs("eth0")[0].local} ${addrs("b:eth0")[0].local}
    print ${routes()[0].dst} ${routes("b")[0].prefsrc}
    print ${exists("ns", "b")} ${exists("ns", "c")} ${exists("link", "eth0")} ${exists("link", "b:eth1")}
    sysctl net.ipv4.ip_default_ttl 33
    print ${sysctl("net.ipv4.ip_default_ttl")} ${sysctl("net.ipv4.ip_default_ttl", "b")}
    print ${route_to("10.0.0.2").dev}
    print ${ping("10.0.0.2")} ${ping(10.0.0.99)}
    print ${capture("sh", "-c", "echo hi; ip -o link | grep -c eth0")}
    print ${10.0.0.2 in sort(["10.0.0.2"])}
    for n in neighs() < if (n.dst == 10.0.0.2) < print ${n.dst} > >
    print ${stats("eth0").tx.packets > 0}
>
print ${sort(namespaces())}
`)
	want := `eth0 1500 1500 2 2
10.0.0.1 10.0.0.2
10.0.0.0/24 10.0.0.2
true false true false
33 64
eth0
true false
hi
1
true
10.0.0.2
true
a b
`
	if out != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

func TestKernel_noLink(t *testing.T) {
	_, err := kernel(t, "ns example\nin ns example <\n    bridge br0\n    up br1\n>\n")
	if err == nil {
		t.Fatal("no error")
	}
	got := rendered(err)
	for _, part := range []string{`error: no link "br1" in namespace "example"`, "--> t.nes:4:8", "^^^ links here: lo, br0", `did you mean "br0"?`, "1 change was undone; nothing is left of this run"} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in\n%s", part, got)
		}
	}
}

func TestKernel_noNamespace(t *testing.T) {
	_, err := kernel(t, "ns exampel\nin ns example < up lo >\n")
	if err == nil {
		t.Fatal("no error")
	}
	got := rendered(err)
	for _, part := range []string{`"example"`, "--> t.nes:2:7", `did you mean "exampel"?`} {
		if !strings.Contains(got, part) {
			t.Errorf("%q is missing in\n%s", part, got)
		}
	}
}

func TestKernel_errno(t *testing.T) {
	_, err := kernel(t, `ns a; in ns a < bridge br0; if true < bridge br0 > >`)
	if !errors.Is(err, unix.EEXIST) {
		t.Errorf("the error is %v", err)
	}
	const help = "= help: ensure bridge takes what is there, replace bridge puts this in its place\n"
	if got := rendered(err); !strings.Contains(got, help) {
		t.Errorf("%q is missing in\n%s", help, got)
	}
}

// What fails although it has a modifier, or is not there yet, is not helped by one.
func TestKernel_noOtherwise(t *testing.T) {
	for _, script := range []string{`ns a; in ns a < veth v w; if true < ensure ifb v > >`, `ns a; in ns a < sysctl net.ipv4.ip_default_ttl 0 >`} {
		if _, err := kernel(t, script); err == nil || strings.Contains(rendered(err), "= help: ensure") {
			t.Errorf("%s: %v", script, err)
		}
	}
}

func TestKernel_new(t *testing.T) {
	out := mustKernel(t, `in new < bridge br0 up; print ${len(links())} >; print ${exists("link", "br0")}`)
	if out != "2\nfalse\n" {
		t.Errorf("got %q", out)
	}
}

func TestKernel_expectPolls(t *testing.T) {
	mustKernel(t, `
ns a
in ns a <
    bridge br0
    expect within 200ms not (link("br0").operstate == "UP")
    expect fails < expect within 200ms ping 10.9.9.9 >
    expect fails < up nope >
>`)
}

// TestPermission runs the test binary again as an ordinary user: an embedding
// program without privilege must find EPERM.
func TestPermission(t *testing.T) {
	const env = "NESCRIPT_TEST_NOBODY"
	if os.Getenv(env) != "" {
		in, err := interp.New()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		err = in.RunString(t.Context(), "t.nes", `bridge brtest0`)
		if !errors.Is(err, unix.EPERM) {
			t.Errorf("the error is %v", err)
		}
		return
	}
	withoutPrivilege(t, env, "TestPermission")
}

// withoutPrivilege runs one test of this binary with an empty set of
// capabilities.
func withoutPrivilege(t *testing.T, env, test string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER}
	out, err := cmd.CombinedOutput()
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+test)) {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestKernel_madeNamespace(t *testing.T) {
	out := mustKernel(t, `in ns example < bridge br0; up br0 >; print ${namespaces()}`)
	if out != "warning: there was no namespace \"example\"; made it\nexample\n" {
		t.Errorf("got %q", out)
	}
	if _, err := kernel(t, `ns example; in ns exampel < bridge br0 >`); err == nil {
		t.Error("a slip made a namespace")
	}
}

// TestKernel_sharedEngine has two Interps on one engine, which they leave open.
func TestKernel_sharedEngine(t *testing.T) {
	engine, err := nsexec.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	mustKernel(t, `ns a; in ns a < bridge br0 up >`, interp.Engine(engine))
	mustKernel(t, `ns b; in ns b < bridge br0 up >; expect (links("b")[1].ifname == "br0")`, interp.Engine(engine))
}

// TestKernel_leaksNothing runs a script that does much and fails in the end.
func TestKernel_leaksNothing(t *testing.T) {
	const src = `
ns a
in ns a < bridge br0 up; print ${len(links())} ${capture("echo", "x")} >
in new < bridge br0; expect fails < up nope > >
del ns a
fail "on purpose"`
	round := func() {
		in, err := interp.New()
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, in.RunString(t.Context(), "t.nes", src), "on purpose")
		if err := in.Close(); err != nil {
			t.Error(err)
		}
	}
	round()
	nstest.NoLeaks(t)
	for range 20 {
		round()
	}
}
