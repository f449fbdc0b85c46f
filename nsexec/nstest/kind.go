//go:build linux

package nstest

import (
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// RequireEnv names the variable that lists, with commas, the link kinds that
// the kernel under test must have. Without one of them a test fails that would
// otherwise be skipped; "all" demands every kind that a test asks for.
const RequireEnv = "NESCRIPT_REQUIRE"

var kinds sync.Map // of string to bool

// HasKind reports whether the kernel has links of a kind, by trying to make
// one in a namespace of its own.
func HasKind(t testing.TB, kind string) bool {
	t.Helper()
	return has(t, kind, func(e *nsexec.Engine, ns nsexec.Ref) bool {
		// The kernel looks the kind up before it looks at anything else; other
		// errors are about what the link lacks.
		err := e.Look(t.Context(), ns, func(c *nsexec.Conn) error { return addLink(c, kind) })
		return !errors.Is(err, unix.EOPNOTSUPP)
	})
}

// has tries something once, in a namespace of its own, and remembers how it went.
func has(t testing.TB, what string, try func(*nsexec.Engine, nsexec.Ref) bool) bool {
	t.Helper()
	if known, ok := kinds.Load(what); ok {
		return known.(bool)
	}
	e, err := nsexec.NewEngine()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	ns, err := e.NewAnonymous(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ok := try(e, ns)
	kinds.Store(what, ok)
	return ok
}

func addLink(c *nsexec.Conn, kind string) error {
	req := c.Request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL|unix.NLM_F_ACK)
	req.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	req.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated("probe")))
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(nl.IFLA_INFO_KIND, nl.NonZeroTerminated(kind))
	req.AddData(info)
	_, err := req.Execute(unix.NETLINK_ROUTE, 0)
	return err
}

// NeedKind skips the test where the kernel has no links of a kind, or fails it
// where RequireEnv demands them.
func NeedKind(t testing.TB, kind string) {
	t.Helper()
	need(t, kind, kind+" links", HasKind(t, kind))
}

// NeedThat skips the test without something that the caller has looked for, or
// fails it where RequireEnv demands it.
func NeedThat(t testing.TB, what string, there bool) {
	t.Helper()
	need(t, what, what, there)
}

// need skips the test without what it needs, or fails it where RequireEnv says
// that it is there.
func need(t testing.TB, what, text string, there bool) {
	t.Helper()
	if there {
		return
	}
	required := strings.Split(os.Getenv(RequireEnv), ",")
	if slices.Contains(required, what) || slices.Contains(required, "all") {
		t.Fatalf("this kernel has no %s, and %s demands them", text, RequireEnv)
	}
	t.Skipf("this kernel has no %s", text)
}
