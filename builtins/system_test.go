//go:build linux

package builtins_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// run runs a script and returns what it wrote.
func run(t *testing.T, script string) (string, error) {
	t.Helper()
	return runContext(t.Context(), t, script)
}

func runContext(ctx context.Context, t *testing.T, script string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	in, err := interp.New(interp.Stdio(nil, &out, &out))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	err = in.RunString(ctx, "t.nes", script)
	return out.String(), err
}

func TestPrograms(t *testing.T) {
	for _, test := range []struct{ script, want string }{
		{`print "a b" 3 (1 + 2) [1, 2] 10.0.0.0/24`, "a b 3 3 1 2 10.0.0.0/24\n"},
		{`print`, "\n"},
		{`exec echo "a  b" $HOME`, ""},
		{"sh `echo $1-$2` x y", "x-y\n"},
		{`exec printf %s "a;b > c"`, "a;b > c"},
		{`expect exec true; expect not exec false; expect fails < exec false >`, ""},
	} {
		got, err := run(t, test.script)
		if strings.Contains(test.script, "$HOME") {
			if err == nil {
				t.Errorf("%s: the shell's variables are none of ours", test.script)
			}
			continue
		}
		if err != nil || got != test.want {
			t.Errorf("%s: %q, %v; want %q", test.script, got, err, test.want)
		}
		claimBy(t, test.script, func(other string) bool {
			out, err := run(t, other)
			return err == nil && out == test.want
		})
	}
}

func TestPrograms_fail(t *testing.T) {
	var exit *nsexec.ExitError
	if _, err := run(t, "sh `echo oops >&2; exit 3`"); !errors.As(err, &exit) || exit.Code != 3 || !strings.Contains(exit.Stderr, "oops") {
		t.Errorf("exit 3: %v", err)
	}
	if _, err := run(t, "sh `kill -9 $$`"); !errors.As(err, &exit) || exit.Code != 128+9 {
		t.Errorf("a killed program: %v", err)
	}
	if _, err := run(t, "exec no-such-program"); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("no program: %v", err)
	}
	var failed *builtins.FailError
	if _, err := run(t, `fail "no" way`); !errors.As(err, &failed) || failed.Message != "no way" {
		t.Errorf("fail: %v", err)
	}
	if _, err := run(t, "expect exec false"); !errors.As(err, &exit) {
		t.Errorf("expect exec false: %v", err)
	}
	for _, script := range []string{"expect exec false", "fail no way"} {
		claimBy(t, script, func(other string) bool { return errorText(t, other) == errorText(t, script) })
	}
}

// errorText is what is said of a script that fails.
func errorText(t *testing.T, script string) string {
	t.Helper()
	_, err := run(t, script)
	return fmt.Sprint(err)
}

// TestExec_cancel has a cancelled program end with its children.
func TestExec_cancel(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := runContext(ctx, t, "sh `sleep 12345 & sleep 12345`"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the error is %v", err)
	}
	out, _ := exec.Command("sh", "-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -c 'sleep 1234[5]'").Output()
	if strings.TrimSpace(string(out)) != "0" {
		t.Errorf("%s processes are left", strings.TrimSpace(string(out)))
	}
}

// TestPing_inItsNamespace pings, from several namespaces at once, an address
// that is there in one of them only.
func TestPing_inItsNamespace(t *testing.T) {
	var wg sync.WaitGroup
	for i := range 6 {
		ns := nstest.NS(t)
		wg.Go(func() {
			if _, err := run(t, fmt.Sprintf("in %s < addr lo 10.77.0.%d; expect ping 10.77.0.%d count 2; expect not ping 10.77.0.%d >", ns, i, i, (i+1)%6)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestPing(t *testing.T) {
	a, b := nstest.NS(t).Name, nstest.NS(t).Name
	join := fmt.Sprintf("veth %s:e 10.5.0.1/24 2001:db8:5::1/64 %s:e 10.5.0.2/24 2001:db8:5::2/64 up; settle %s %s;", a, b, a, b)
	if _, err := run(t, join+fmt.Sprintf("expect ping from %s 10.5.0.2 count 3 size 1000; expect within 3s ping from %s 2001:db8:5::2", a, a)); err != nil {
		t.Error(err)
	}
	var lost *nsexec.PingError
	if _, err := run(t, fmt.Sprintf("expect ping from %s 10.5.0.9 timeout 200ms", a)); !errors.As(err, &lost) && !errors.Is(err, unix.EHOSTUNREACH) {
		t.Errorf("nobody there: %v", err)
	}
	if _, err := run(t, fmt.Sprintf("expect ping from %s 192.0.2.1", a)); !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("no way there: %v", err)
	}
	if _, err := run(t, "expect ping from nosuch 10.0.0.1"); !errors.Is(err, unix.ENOENT) {
		t.Errorf("from nowhere: %v", err)
	}
}

func TestTCP(t *testing.T) {
	ns := nstest.NS(t)
	var l net.Listener
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("listen", func() (err error) {
		l, err = net.Listen("tcp", "127.0.0.1:0")
		return err
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := run(t, fmt.Sprintf("expect tcp from %s %s", ns.Name, l.Addr())); err != nil {
		t.Error(err)
	}
	claimBy(t, fmt.Sprintf("expect tcp from %s %s", ns.Name, l.Addr()), func(other string) bool { return errorText(t, other) == "<nil>" && other != "" })
	if _, err := run(t, fmt.Sprintf("expect tcp %s", l.Addr())); !errors.Is(err, unix.ECONNREFUSED) {
		t.Errorf("outside: %v", err)
	}
	if _, err := run(t, fmt.Sprintf("in %s < veth e f up; addr e 10.5.0.1/24 >", ns)); err != nil {
		t.Fatal(err)
	}
	nobody := fmt.Sprintf("expect tcp from %s 10.5.0.9:9 timeout 10s", ns.Name) // after 3 s it is known that there is nobody
	unreachable := errorText(t, nobody)
	claimBy(t, nobody, func(other string) bool { return errorText(t, other) == unreachable })
	if _, err := run(t, fmt.Sprintf(`in %s < expect not tcp "[::1]:9" >`, ns)); err != nil {
		t.Errorf("IPv6: %v", err)
	}
}

func TestSettle(t *testing.T) {
	ns := nstest.NS(t)
	if _, err := run(t, fmt.Sprintf("in %s < veth a 2001:db8::1/64 b; bridge empty up; up a >", ns)); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("in %s < settle within 300ms >", ns)
	var un *nsexec.UnsettledError
	if _, err := run(t, script); !errors.As(err, &un) || !strings.Contains(err.Error(), "a has no carrier") || strings.Contains(err.Error(), "empty") {
		t.Errorf("a link whose other end is down: %v", err)
	}
	said := errorText(t, script)
	claimBy(t, fmt.Sprintf("settle within 300ms %s", ns.Name), func(other string) bool { return lastLine(errorText(t, other)) == lastLine(said) })
	if _, err := run(t, fmt.Sprintf("in %s < up b; settle within 5s >", ns)); err != nil {
		t.Error(err)
	}
	for _, a := range nstest.IP(t, "-n", ns.Name, "-6", "addr", "show", "tentative") {
		if info, _ := a["addr_info"].([]any); len(info) > 0 && a["ifname"] != "empty" { // a bridge without ports is not waited for
			t.Errorf("still tentative: %v", a)
		}
	}
}

func TestSysctl(t *testing.T) {
	ns := nstest.NS(t)
	read := func(key string) string {
		t.Helper()
		out, err := exec.Command("ip", "netns", "exec", ns.Name, "cat", "/proc/sys/"+key).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(strings.Fields(string(out)), " ")
	}
	script := fmt.Sprintf(`in %s < veth e.1 f; sysctl net.ipv4.conf.e/1.rp_filter 2; sysctl net/ipv4/conf/e.1/proxy_arp 1
		sysctl net.ipv4.tcp_rmem 4096 87380 6291456; ensure sysctl net.ipv4.ip_default_ttl 33; forward on; forward off f >`, ns)
	if _, err := run(t, script); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{
		"net/ipv4/conf/e.1/rp_filter": "2", "net/ipv4/conf/e.1/proxy_arp": "1", "net/ipv4/tcp_rmem": "4096 87380 6291456",
		"net/ipv4/ip_default_ttl": "33", "net/ipv4/ip_forward": "1", "net/ipv6/conf/all/forwarding": "1",
		"net/ipv4/conf/f/forwarding": "0", "net/ipv6/conf/f/forwarding": "0",
	} {
		if got := read(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for script, key := range map[string]string{
		"sysctl net.ipv4.ip_default_ttl 33": "net/ipv4/ip_default_ttl", "ensure sysctl net.ipv4.ip_default_ttl 34": "net/ipv4/ip_default_ttl",
		"forward on": "net/ipv6/conf/all/forwarding",
	} {
		want := "33"
		if key == "net/ipv6/conf/all/forwarding" {
			want = "1"
		} else if strings.HasPrefix(script, "ensure") {
			want = "34"
		}
		claim(t, "", script, func(in nsexec.Ref) bool { return strings.TrimSpace(inside(t, in, "cat", "/proc/sys/"+key)) == want })
	}
}

func lastLine(s string) string { return s[strings.LastIndex(strings.TrimSpace(s), "within")+1:] }

func TestNamespaces(t *testing.T) {
	a := nstest.NS(t).Name
	if _, err := run(t, fmt.Sprintf("ns n1 n2 lo off; in ns n2 < bridge x >; ensure ns n1 n3; veth n1:e n1:f; move n1:e ns %s; up %s:e; replace ns n2", a, a)); err != nil {
		t.Fatal(err)
	}
	if flags := fmt.Sprint(nstest.Link(t, nsexec.Named("n1"), "lo")["flags"]); strings.Contains(flags, "UP") {
		t.Errorf("lo of n1 is %s", flags)
	}
	if flags := fmt.Sprint(nstest.Link(t, nsexec.Named("n3"), "lo")["flags"]); !strings.Contains(flags, "UP") {
		t.Errorf("lo of n3 is %s", flags)
	}
	if flags := fmt.Sprint(nstest.Link(t, nsexec.Named(a), "e")["flags"]); !strings.Contains(flags, "UP") {
		t.Errorf("the moved link is %s", flags)
	}
	if n := len(nstest.IP(t, "-n", "n2", "link")); n != 1 {
		t.Errorf("the new n2 has %d links", n)
	}
	if _, err := run(t, "ns n1"); !errors.Is(err, unix.EEXIST) {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := run(t, "del ns n1 n2 n3"); err != nil {
		t.Error(err)
	}
	if out, _ := exec.Command("ip", "netns").Output(); strings.Contains(string(out), "n1") || strings.Contains(string(out), "n3") {
		t.Errorf("left: %s", out)
	}
}
