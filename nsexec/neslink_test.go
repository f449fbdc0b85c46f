//go:build linux

package nsexec_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	neslink "github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// The programs below are those of github.com/willfantom/neslink's README and of
// its examples folder, as they stand there but for the import path.

func linkdoMain() {
	// 1. create a new named netns "example" and create a new bridge "test" and
	// set the bridge mac address. note that if the named netns already exists,
	// this will error.{
	if err := neslink.Do(neslink.NPNow(),
		neslink.NANewNs("example"),
		neslink.LANewBridge("testbr"),
		neslink.LASetHw(neslink.LPName("testbr"), "34:34:34:34:34:34"),
	); err != nil {
		panic(err)
	}

	// 2. using a do, fetch the links in the new "example" netns like in the
	// do example.
	fmt.Println("New NS Links:")
	links := make([]netlink.Link, 0)
	err := neslink.Do(neslink.NPName("example"), neslink.NALinks(&links), neslink.NADeleteNamed("example"))
	if err != nil {
		panic(err)
	}

	// 4. dump the links that were found in the "example" netns
	fmt.Printf("links found: %d\n", len(links))
	for _, l := range links {
		fmt.Printf("\t%d: %s: %s\n", l.Attrs().Index, l.Attrs().Name, l.Attrs().HardwareAddr.String())
	}
}

func nsdoMain() {
	// 1. create an empty links slice to store the result in
	links := make([]netlink.Link, 0)

	// 2. call do with a provider (in this case will be a new unnamed netns) and
	// the Links action
	err := neslink.Do(neslink.NPNow(), neslink.NANewNs("example"), neslink.NALinks(&links), neslink.NADeleteNamed("example"))
	if err != nil {
		panic(err)
	}

	// 3. dump the links that were found (since its a new netns, should just be
	// loopback)
	fmt.Printf("links found: %d\n", len(links))
	for _, l := range links {
		fmt.Printf("\t%d: %s\n", l.Attrs().Index, l.Attrs().Name)
	}
}

// printed is what f writes to standard output.
func printed(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stdout := os.Stdout
	os.Stdout = w
	func() {
		defer func() { os.Stdout = stdout; w.Close() }()
		f()
	}()
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestNeslink_examples(t *testing.T) {
	out := printed(t, linkdoMain)
	for _, want := range []string{"New NS Links:\nlinks found: ", "1: lo: \n", ": testbr: 34:34:34:34:34:34\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("linkdo printed %q, without %q", out, want)
		}
	}
	out = printed(t, nsdoMain)
	if !strings.HasPrefix(out, "links found: ") || !strings.Contains(out, "1: lo\n") {
		t.Errorf("nsdo printed %q", out)
	}
	if neslink.Namespace(neslink.DefaultMountPath + "/example").Exists() {
		t.Error("the namespace is still there")
	}
}

func TestNeslink_readme(t *testing.T) {
	ip(t, "netns", "add", "example")
	defer ip(t, "netns", "del", "example")

	links := make([]netlink.Link, 0)
	err := neslink.Do(neslink.NPName("example"), neslink.NALinks(&links))
	if err != nil {
		t.Fatal(err)
	}
	if len(links) == 0 || links[0].Attrs().Name != "lo" {
		t.Errorf("the links are %v", links)
	}

	if err := neslink.Do(
		neslink.NPName("example"),
		neslink.LANewBridge("br0"),
		neslink.LASetHw(neslink.LPName("br0"), "12:23:34:45:56:67"),
		neslink.LASetUp(neslink.LPName("br0")),
	); err != nil {
		t.Fatal(err)
	}
	br := nstest.Link(t, neslink.Named("example"), "br0")
	if br["address"] != "12:23:34:45:56:67" || !strings.Contains(fmt.Sprint(br["flags"]), "UP") {
		t.Errorf("br0 is %v", br)
	}
}

func ip(t testing.TB, args ...string) {
	t.Helper()
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		t.Fatalf("ip %q: %v: %s", args, err, out)
	}
}

// TestNeslink_linkActions does every action on a link and asks ip.
func TestNeslink_linkActions(t *testing.T) {
	ns := nstest.NS(t)
	at, a := neslink.NPName(ns.Name), neslink.LPName("a")
	var ran bool
	var link netlink.Link
	err := neslink.Do(at,
		neslink.LANewVeth("a", "b"),
		neslink.LASetName(neslink.LPName("b"), "c"),
		neslink.LASetAlias(a, "uplink"),
		neslink.LASetHw(neslink.LPAlias("uplink"), "02:00:00:00:00:01"),
		neslink.LASetUp(a), neslink.LASetDown(neslink.LPName("c")),
		neslink.LASetPromiscOn(a),
		neslink.LAAddAddr(a, "10.0.0.1/24"), neslink.LAAddAddr(a, "10.0.1.1/24"), neslink.LADelAddr(a, "10.0.0.1/24"),
		neslink.LAGeneric("mine", a, func() error { ran = true; return nil }),
		neslink.NAGetLink(a, &link),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := nstest.IP(t, "-n", ns.Name, "addr", "show", "dev", "a")[0]
	if got["ifalias"] != "uplink" || got["address"] != "02:00:00:00:00:01" || got["promiscuity"] != 1.0 {
		t.Errorf("a is %v", got)
	}
	if text := fmt.Sprint(got["addr_info"]); strings.Contains(text, "10.0.0.1") || !strings.Contains(text, "10.0.1.1") {
		t.Errorf("its addresses are %v", text)
	}
	if !ran || link == nil || link.Attrs().Alias != "uplink" {
		t.Errorf("LAGeneric ran: %v; NAGetLink gave %v", ran, link)
	}
	err = neslink.Do(at, neslink.LASetPromiscOff(a), neslink.LADelete(neslink.LPIndex(link.Attrs().Index)), neslink.LASetUp(a))
	var none *neslink.NoLinkError
	if !errors.As(err, &none) || none.Link != "a" || none.NS != ns {
		t.Errorf("got %v, want no link a", err)
	}
}

func TestNeslink_linkKinds(t *testing.T) {
	for kind, action := range map[string]neslink.LinkAction{
		"dummy":     neslink.LANewDummy("x"),
		"gretap":    neslink.LANewGRETap("x", "10.0.0.1", "10.0.0.2"),
		"wireguard": neslink.LANewWireguard("x"),
		"vxlan":     neslink.LANewVxlan("x", "10.0.0.1", "10.0.0.2", 42, 4789),
	} {
		t.Run(kind, func(t *testing.T) {
			ns := nstest.NS(t)
			err := neslink.Do(neslink.NPName(ns.Name), action)
			if !nstest.HasKind(t, kind) {
				var no *neslink.NoKindError
				if !errors.As(err, &no) || no.Kind != kind || !errors.Is(err, unix.EOPNOTSUPP) {
					t.Errorf("got %v, want that there are no %s links", err, kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			info := nstest.Link(t, ns, "x")["linkinfo"].(map[string]any)
			if info["info_kind"] != kind {
				t.Errorf("it is a %v", info)
			}
		})
	}
	if err := neslink.Do(neslink.NPNow(), neslink.LANewVxlan("x", "10.0.0.300", "10.0.0.2", 42, 4789)); err == nil || !strings.Contains(err.Error(), `"10.0.0.300"`) {
		t.Errorf("got %v", err)
	}
}

// TestNeslink_setLinkNs: what follows on the link goes where the link went.
func TestNeslink_setLinkNs(t *testing.T) {
	from, to := nstest.NS(t), nstest.NS(t)
	a, b := neslink.LPName("a"), neslink.LPName("b")
	var index int
	var here, there []netlink.Link
	err := neslink.Do(neslink.NPName(to.Name), neslink.LANewBridge("other"), neslink.LANewBridge("another")) // takes indexes
	if err != nil {
		t.Fatal(err)
	}
	link := new(netlink.Link)
	if err := neslink.Do(neslink.NPName(from.Name), neslink.LANewVeth("a", "b"), neslink.NAGetLink(a, link)); err != nil {
		t.Fatal(err)
	}
	index = (*link).Attrs().Index
	err = neslink.Do(neslink.NPName(from.Name),
		neslink.NASetLinkNs(a, neslink.NPName(to.Name)),
		neslink.LASetName(a, "a2"), // Linux before 6.2 renames no link that is up
		neslink.LASetUp(neslink.LPName("a2")),
		neslink.LASetUp(b),
		neslink.LASetAlias(neslink.LPIndex(index), "moved"),
		neslink.LAAddAddr(neslink.LPName("a2"), "10.0.0.1/24"),
		neslink.NALinks(&here),
	)
	if err != nil {
		t.Fatal(err)
	}
	got := nstest.IP(t, "-n", to.Name, "addr", "show", "dev", "a2")[0]
	if got["operstate"] != "UP" || got["ifalias"] != "moved" || !strings.Contains(fmt.Sprint(got["addr_info"]), "10.0.0.1") {
		t.Errorf("a2 is %v", got)
	}
	if len(here) != 2 {
		t.Errorf("NALinks saw %d links, want lo and b", len(here))
	}
	// A link that was not moved is not looked for where another one went.
	err = neslink.Do(neslink.NPName(from.Name), neslink.NASetLinkNs(b, neslink.NPName(to.Name)), neslink.LASetUp(neslink.LPName("other")))
	var none *neslink.NoLinkError
	if !errors.As(err, &none) || none.NS != from {
		t.Errorf("got %v", err)
	}
	if err := neslink.Do(neslink.NPName(to.Name), neslink.NALinks(&there)); err != nil || len(there) != 5 {
		t.Errorf("%d links, %v", len(there), err)
	}
}

func TestNeslink_providers(t *testing.T) {
	ns := nstest.NS(t)
	var fd neslink.NsFd
	if err := neslink.Do(neslink.NPName(ns.Name), neslink.NAGetNsFd(&fd)); err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	if !fd.Valid() || fd.Int() != fd.Fd() || neslink.NsFdNone.Valid() {
		t.Errorf("the descriptor is %d", fd)
	}
	var inner neslink.NsFd // of the thread that an outer Do holds
	err := neslink.Do(neslink.NPName(ns.Name), neslink.NAGeneric("nest", func() error {
		return neslink.Do(neslink.NPNow(), neslink.NAGetNsFd(&inner))
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	path := neslink.DefaultMountPath + "/" + ns.Name
	for _, p := range []neslink.NsProvider{
		neslink.NPNameAt(neslink.DefaultMountPath, ns.Name), neslink.NPPath(path),
		neslink.NPGeneric("", func() (neslink.Namespace, error) { return neslink.Namespace(path), nil }),
	} {
		var other neslink.NsFd
		if err := neslink.Do(p, neslink.NAGetNsFd(&other)); err != nil {
			t.Error(err)
			continue
		}
		if other.ID() != fd.ID() || inner.ID() != fd.ID() {
			t.Errorf("%s, %s and %s are not the same namespace", fd.ID(), other.ID(), inner.ID())
		}
		other.Close()
	}
	for _, p := range []neslink.NsProvider{neslink.NPProcess(os.Getpid()), neslink.NPThread(os.Getpid(), os.Getpid())} {
		var other neslink.NsFd
		if err := neslink.Do(p, neslink.NAGetNsFd(&other)); err != nil || other.ID() == fd.ID() {
			t.Errorf("%v, %s", err, other.ID())
		}
		other.Close()
	}
	if fd.Close(); fd != neslink.NsFdNone || fd.Close() == nil {
		t.Error("a closed descriptor can be closed again")
	}
}

func TestNeslink_badNames(t *testing.T) {
	ns := nstest.NS(t)
	for _, name := range []string{"", ".", "..", "../" + ns.Name, "/etc/passwd", "a/b", "a\x00b", strings.Repeat("x", 256)} {
		for _, err := range []error{
			neslink.Do(neslink.NPName(name)),
			neslink.Do(neslink.NPNameAt("/run/netns", name)),
			neslink.Do(neslink.NPNow(), neslink.NANewNs(name)),
			neslink.Do(neslink.NPNow(), neslink.NANewNsAt(t.TempDir(), name)),
			neslink.Do(neslink.NPNow(), neslink.NADeleteNamed(name)),
			neslink.DeleteNamedNs(name),
		} {
			if err == nil || !strings.Contains(err.Error(), "name") {
				t.Errorf("%q: got %v", name, err)
			}
		}
	}
}

func TestNamespace_Exists(t *testing.T) {
	for path, want := range map[neslink.Namespace]bool{"/proc/self/ns/net": true, "/proc": false, "/no/such": false, "": false} {
		if got := path.Exists(); got != want {
			t.Errorf("Exists of %q is %v", path, got)
		}
	}
}

func TestNeslink_namedAt(t *testing.T) {
	dir := t.TempDir() + "/deep"
	if err := neslink.Do(neslink.NPNow(), neslink.NANewNsAt(dir, "x"), neslink.LANewBridge("br0")); err != nil {
		t.Fatal(err)
	}
	var links []netlink.Link
	if err := neslink.Do(neslink.NPNameAt(dir, "x"), neslink.NALinks(&links), neslink.NADeleteNamedAt(dir, "x")); err != nil || len(links) != 2 {
		t.Errorf("%d links, %v", len(links), err)
	}
	if err := neslink.Do(neslink.NPNameAt(dir, "x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestNeslink_script(t *testing.T) {
	ns := nstest.NS(t)
	var result neslink.ScriptResult
	err := neslink.Do(neslink.NPName(ns.Name), neslink.LANewBridge("br0"),
		neslink.NAExecNescript("ip -o link | grep -c br0 && echo '<&>' >&2", nil, &result))
	if err != nil || result != (neslink.ScriptResult{StdOut: "1\n", StdErr: "<&>\n"}) {
		t.Errorf("%+v, %v", result, err)
	}
	err = neslink.Do(neslink.NPName(ns.Name), neslink.NAExecNescript("echo no >&2; exit 3", []string{"sh", "-ec"}, &result))
	var exit *neslink.ExitError
	if !errors.As(err, &exit) || exit.Code != 3 || result.ExitCode != 3 || exit.Stderr != "no\n" {
		t.Errorf("%+v, %v", result, err)
	}
}
