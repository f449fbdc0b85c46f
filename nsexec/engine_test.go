//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

func newEngine(t testing.TB, opts ...nsexec.Option) *nsexec.Engine {
	t.Helper()
	e, err := nsexec.NewEngine(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// has is an action that needs a link to be there.
func has(link string) nsexec.NsAction {
	return nsexec.ActionFunc("has "+link, "", false, func(_ context.Context, c *nsexec.Conn) error {
		_, err := c.Index(nsexec.ByName(link))
		return err
	})
}

func bridge(name string) nsexec.Action { return nsexec.LANewBridge(name) }

// thread is an action that runs f on a thread in the namespace.
func thread(f func(c *nsexec.Conn) error) nsexec.NsAction {
	return nsexec.ActionFunc("thread", "", true, func(_ context.Context, c *nsexec.Conn) error { return f(c) })
}

func TestRun_inOrder(t *testing.T) {
	nstest.NoLeaks(t)
	e := newEngine(t)
	a, b := nstest.NS(t), nstest.NS(t)
	var order []string
	note := func(ns nsexec.Ref, what string, thread bool) nsexec.Step {
		return nsexec.Step{NS: ns, Action: nsexec.ActionFunc(what, "", thread, func(_ context.Context, c *nsexec.Conn) error {
			if c.Ref() != ns {
				t.Errorf("%s got the connection of %s", what, c.Ref())
			}
			order = append(order, what)
			return nil
		})}
	}
	err := e.Run(t.Context(),
		note(a, "1", false), note(b, "2", true), note(b, "3", true), note(a, "4", true), note(a, "5", false),
		nsexec.Step{NS: a, Action: bridge("br0")}, nsexec.Step{NS: a, Action: has("br0")},
		nsexec.Step{NS: b, Action: has("br0"), Tag: "the tag"}, note(a, "never", false))
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 7 || failed.Step.Tag != "the tag" || failed.Step.NS != b {
		t.Fatalf("got %v", err)
	}
	if got := strings.Join(order, ""); got != "12345" {
		t.Errorf("the order was %s", got)
	}
	if want := fmt.Sprintf("action 8 (has br0): no link %q in namespace %q", "br0", b.Name); err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestRun_threads(t *testing.T) {
	e := newEngine(t)
	ns := nstest.NS(t)
	var tids []int
	step := nsexec.Step{NS: ns, Action: thread(func(c *nsexec.Conn) error {
		tids = append(tids, unix.Gettid())
		if _, err := os.Stat("/proc/thread-self/net/dev"); err != nil {
			return err
		}
		_, err := c.Index(nsexec.ByName("lo"))
		return err
	})}
	if err := e.Run(t.Context(), step, step, step); err != nil {
		t.Fatal(err)
	}
	if tids[0] != tids[1] || tids[1] != tids[2] || tids[0] == os.Getpid() {
		t.Errorf("they ran on threads %v", tids)
	}
}

func TestRun_failedThread(t *testing.T) {
	e := newEngine(t)
	ns := nstest.NS(t)
	fail := errors.New("on purpose")
	good := nsexec.Step{NS: ns, Action: thread(func(*nsexec.Conn) error { return nil })}
	bad := nsexec.Step{NS: ns, Action: thread(func(*nsexec.Conn) error { return fail })}
	err := e.Run(t.Context(), good, good, bad, good)
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 2 || failed.Err != fail {
		t.Errorf("got %v", err)
	}
	defer func() {
		if r := recover(); r != any(fail) {
			t.Errorf("recovered %v", r)
		}
		if err := e.Run(t.Context(), good); err != nil {
			t.Error(err)
		}
	}()
	_ = e.Run(t.Context(), good, nsexec.Step{NS: ns, Action: thread(func(*nsexec.Conn) error { panic(fail) })})
}

func TestRun_context(t *testing.T) {
	e := newEngine(t)
	ctx, cancel := context.WithCancel(t.Context())
	stop := nsexec.ActionFunc("stop", "", false, func(context.Context, *nsexec.Conn) error { cancel(); return nil })
	err := e.Run(ctx, nsexec.Step{Action: stop}, nsexec.Step{Action: bridge("br0")})
	var failed *nsexec.StepError
	if !errors.As(err, &failed) || failed.Index != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := e.Look(ctx, nsexec.Host(), func(*nsexec.Conn) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if _, err := e.NewAnonymous(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestRun_kernelText: an error says what the kernel says.
func TestRun_kernelText(t *testing.T) {
	e := newEngine(t)
	ns := nstest.NS(t)
	run := func(a nsexec.Action) *nsexec.OpError {
		t.Helper()
		err := e.Run(t.Context(), nsexec.Step{NS: ns, Action: a})
		var op *nsexec.OpError
		if !errors.As(err, &op) || op.NS != ns || op.Action != a.String() {
			t.Fatalf("got %v", err)
		}
		return op
	}
	if err := e.Run(t.Context(), nsexec.Step{NS: ns, Action: bridge("br0")}); err != nil {
		t.Fatal(err)
	}
	if op := run(bridge("br0")); op.Err != unix.EEXIST {
		t.Errorf("got %#v", op)
	}
	if op := run(nsexec.LASetHw(nsexec.LPName("br0"), "ff:ff:ff:ff:ff:ff")); op.Err != unix.EADDRNOTAVAIL || op.Link != "br0" {
		t.Errorf("got %#v", op)
	}
	op := run(nsexec.ActionFunc("raw", "", false, func(_ context.Context, c *nsexec.Conn) error {
		return c.Handle().LinkSetMTU(must(c.Link(nsexec.ByName("br0"))), 10)
	}))
	if op.Err != unix.EINVAL || !strings.Contains(op.Kernel, "mtu") || op.Error() != ns.String()+": raw: invalid argument: "+op.Kernel {
		t.Errorf("got %#v", op)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// TestRun_sameNameAnew: a name that was deleted and made again is the new
// namespace, whoever did it.
func TestRun_sameNameAnew(t *testing.T) {
	e := newEngine(t)
	ctx := t.Context()
	ns := nsexec.Named("anew")
	byEngine := func() error {
		return e.Run(ctx, nsexec.Step{Action: nsexec.DelNS("anew")}, nsexec.Step{Action: nsexec.NewNS("anew", true)})
	}
	byOthers := func() error {
		ip(t, "netns", "del", "anew")
		ip(t, "netns", "add", "anew")
		return nil
	}
	byRemount := func() error { // the same file, another namespace bound to it
		ip(t, "netns", "add", "other")
		defer ip(t, "netns", "del", "other")
		if err := unix.Unmount("/run/netns/anew", unix.MNT_DETACH); err != nil {
			return err
		}
		return unix.Mount("/run/netns/other", "/run/netns/anew", "", unix.MS_BIND, "")
	}
	if err := e.Run(ctx, nsexec.Step{Action: nsexec.NewNS("anew", true)}); err != nil {
		t.Fatal(err)
	}
	for i, again := range []func() error{byEngine, byOthers, byRemount, byEngine} {
		if err := e.Run(ctx, nsexec.Step{NS: ns, Action: bridge("br0")}, nsexec.Step{NS: ns, Action: has("br0")}); err != nil {
			t.Fatalf("way %d: %v", i, err)
		}
		if err := again(); err != nil {
			t.Fatalf("way %d: %v", i, err)
		}
		var none *nsexec.NoLinkError
		if err := e.Run(ctx, nsexec.Step{NS: ns, Action: has("br0")}); !errors.As(err, &none) {
			t.Errorf("way %d: got %v", i, err)
		}
	}
	// Within one Run, and with the links of the deleted one free at once.
	err := e.Run(ctx,
		nsexec.Step{NS: ns, Action: nsexec.LANewVeth("in", "out")},
		nsexec.Step{NS: ns, Action: nsexec.MoveLink(nsexec.ByName("out"), nsexec.Host())},
		nsexec.Step{Action: has("out")},
		nsexec.Step{Action: nsexec.DelNS("anew")},
		nsexec.Step{Action: nsexec.NewNS("anew", false)},
		nsexec.Step{NS: ns, Action: bridge("in")},
	)
	if err != nil {
		t.Error(err)
	}
	for range 3000 { // the kernel lets go of a namespace's links a moment later
		if err = e.Run(ctx, nsexec.Step{Action: has("out")}); err != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err == nil {
		t.Error("a connection keeps the deleted namespace alive")
	}
	if err := e.Run(ctx, nsexec.Step{NS: ns, Action: nsexec.DelNS("anew")}); err != nil {
		t.Error(err)
	}
	var no *nsexec.NoNamespaceError
	if err := e.Run(ctx, nsexec.Step{NS: ns, Action: has("lo")}); !errors.As(err, &no) || no.Ref != ns {
		t.Errorf("got %v", err)
	}
}

// TestRun_deletedByOthers: an idle connection does not keep a namespace alive
// that another program has deleted.
func TestRun_deletedByOthers(t *testing.T) {
	e := newEngine(t)
	ctx := t.Context()
	ns := nstest.NS(t)
	peer := &nsexec.LinkConfig{Name: "peer", NS: nsexec.Host()}
	if err := e.Run(ctx, nsexec.Step{NS: ns, Action: nsexec.NewLink(nsexec.LinkConfig{Kind: "veth", Name: "a", Peer: peer})}); err != nil {
		t.Fatal(err)
	}
	ip(t, "netns", "del", ns.Name)
	var none *nsexec.NoLinkError
	for range 3000 { // the kernel takes one namespace after the other apart
		err := e.Run(ctx, nsexec.Step{Action: has("peer")})
		if errors.As(err, &none) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the peer of its link is still there")
}

func TestNewNS(t *testing.T) {
	e := newEngine(t)
	a := nstest.NS(t)
	err := e.Run(t.Context(), nsexec.Step{Action: nsexec.NewNS(a.Name, true)})
	var exists *nsexec.NSExistsError
	if !errors.As(err, &exists) || !errors.Is(err, unix.EEXIST) || !strings.HasSuffix(err.Error(), fmt.Sprintf("namespace %q exists already", a.Name)) {
		t.Errorf("got %v", err)
	}
	err = e.Run(t.Context(), nsexec.Step{Action: nsexec.DelNS("nope")})
	var none *nsexec.NoNamespaceError
	if !errors.As(err, &none) || !errors.Is(err, fs.ErrNotExist) || !slices.Contains(none.Have, a.Name) {
		t.Errorf("got %v", err)
	}
	for _, up := range []bool{true, false} {
		if err := nsexec.NewNamedNS("lo", up); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(fmt.Sprint(nstest.Link(t, nsexec.Named("lo"), "lo")["flags"]), "UP"); got != up {
			t.Errorf("lo is up: %v, want %v", got, up)
		}
		if err := nsexec.DeleteNamedNS("lo"); err != nil {
			t.Error(err)
		}
	}
	// What an interrupted `ip netns add` leaves: a file that nothing is bound to.
	if err := os.WriteFile("/run/netns/left", nil, 0); err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context(), nsexec.Step{NS: nsexec.Named("left"), Action: has("lo")}); err == nil || !strings.Contains(err.Error(), "is not a network namespace") {
		t.Errorf("got %v", err)
	}
	if err := nsexec.DeleteNamedNS("left"); err != nil {
		t.Error(err)
	}
}

// TestRestoreNS_interrupted: a namespace whose deletion was interrupted, so that
// the file of its name stayed with the mark that it had, gets its name back.
func TestRestoreNS_interrupted(t *testing.T) {
	e := newEngine(t)
	const path = "/run/netns/half"
	if err := nsexec.NewNamedNS("half", true); err != nil {
		t.Fatal(err)
	}
	hold := filepath.Join(t.TempDir(), "hold")
	if err := os.WriteFile(hold, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount(path, hold, "none", unix.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	defer unix.Unmount(hold, unix.MNT_DETACH)
	if err := unix.Unmount(path, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	mark, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cookie uint64
	if _, err := fmt.Sscanf(string(mark), "nescript %d\n", &cookie); err != nil {
		t.Fatalf("the mark is %q: %v", mark, err)
	}
	for range 2 { // the second time there is nothing to do
		if err := e.Run(t.Context(), nsexec.Step{Action: nsexec.RestoreNS("half", cookie, hold)}); err != nil {
			t.Fatal(err)
		}
		nstest.Link(t, nsexec.Named("half"), "lo")
	}
	var exists *nsexec.NSExistsError
	if err := e.Run(t.Context(), nsexec.Step{Action: nsexec.RestoreNS("half", cookie+1, hold)}); !errors.As(err, &exists) {
		t.Errorf("got %v", err)
	}
	if err := nsexec.DeleteNamedNS("half"); err != nil {
		t.Error(err)
	}
}

// TestNewNS_concurrent: of many who want a name, one gets it, and no file stays
// behind of the others.
func TestNewNS_concurrent(t *testing.T) {
	var wait sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 20 {
		wait.Go(func() {
			err := nsexec.NewNamedNS("wanted", false)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, fs.ErrExist) {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if made != 1 {
		t.Errorf("%d made it", made)
	}
	if err := nsexec.DeleteNamedNS("wanted"); err != nil {
		t.Error(err)
	}
}

// TestNewNS_seenByIP: what ip makes we find, and what we make ip finds, also
// one that ip deletes in another mount namespace.
func TestNewNS_seenByIP(t *testing.T) {
	if err := nsexec.NewNamedNS("ours", true); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ip", "netns", "exec", "ours", "ip", "netns", "del", "ours").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := nsexec.Do(nsexec.NPName("ours")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil || strings.Contains(string(mounts), "/run/netns/ours") {
		t.Errorf("it is still mounted (%v)", err)
	}
}

func TestAnonymous(t *testing.T) {
	nstest.NoLeaks(t)
	e := newEngine(t)
	ctx := t.Context()
	a, err := e.NewAnonymous(ctx)
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.NewAnonymous(ctx)
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(ctx,
		nsexec.Step{NS: a, Action: bridge("br0")}, nsexec.Step{NS: a, Action: has("br0")},
		nsexec.Step{NS: a, Action: nsexec.LANewVeth("x", "y")},
		nsexec.Step{NS: a, Action: nsexec.MoveLink(nsexec.ByName("y"), b)},
		nsexec.Step{NS: b, Action: has("y")})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Drop(a); err != nil {
		t.Error(err)
	}
	var none *nsexec.NoNamespaceError
	if err := e.Run(ctx, nsexec.Step{NS: a, Action: has("lo")}); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
	if err := e.Drop(a); !errors.As(err, &none) {
		t.Errorf("got %v", err)
	}
	if err := e.Drop(nsexec.Host()); err == nil {
		t.Error("the host can be dropped")
	}
	if err := e.Run(ctx, nsexec.Step{NS: b, Action: has("lo")}); err != nil {
		t.Error(err)
	}
}

func TestEngine_closed(t *testing.T) {
	nstest.NoLeaks(t)
	e := newEngine(t)
	if _, err := e.NewAnonymous(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.Run(t.Context(), nsexec.Step{Action: has("lo")}); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	_, err := e.NewAnonymous(t.Context())
	if e.Close() == nil || err == nil || e.Run(t.Context(), nsexec.Step{Action: has("lo")}) == nil {
		t.Error("a closed engine works")
	}
}

// TestEngine_refs enters namespaces by everything that names one.
func TestEngine_refs(t *testing.T) {
	e := newEngine(t)
	ns := nstest.NS(t)
	cmd := exec.Command("sleep", "60")
	err := e.Run(t.Context(), nsexec.Step{NS: ns, Action: bridge("br0")},
		nsexec.Step{NS: ns, Action: thread(func(*nsexec.Conn) error { return cmd.Start() })})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	pid := cmd.Process.Pid
	for _, ref := range []nsexec.Ref{nsexec.Process(pid), nsexec.Thread(pid, pid), nsexec.Path("/run/netns/" + ns.Name)} {
		if err := e.Run(t.Context(), nsexec.Step{NS: ref, Action: has("br0")}); err != nil {
			t.Errorf("%s: %v", ref, err)
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	for ref, want := range map[nsexec.Ref]string{
		nsexec.Process(pid):                     fmt.Sprintf("no process %d", pid),
		nsexec.Thread(pid, pid):                 fmt.Sprintf("no thread %d of process %d", pid, pid),
		nsexec.Path("/no/such"):                 `no namespace at "/no/such"`,
		nsexec.Named("nope"):                    `no namespace "nope"`,
		nsexec.Path("/dev/null"):                `"/dev/null" is not a network namespace`,
		nsexec.Path("/proc/self/ns/mnt"):        `"/proc/self/ns/mnt" is not a network namespace`,
		nsexec.Path(""):                         `"" is not a path`,
		nsexec.Named("../run/netns/" + ns.Name): "is not the name of a namespace",
		nsexec.Docker("web"):                    "no resolver",
	} {
		err := e.Run(t.Context(), nsexec.Step{NS: ref, Action: has("lo")})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", ref, err, want)
		}
	}
}

func TestEngine_concurrent(t *testing.T) {
	nstest.NoLeaks(t)
	e := newEngine(t, nsexec.MaxOpen(5))
	refs := make([]nsexec.Ref, 20)
	for i := range refs {
		refs[i] = nstest.NS(t)
		if err := e.Run(t.Context(), nsexec.Step{NS: refs[i], Action: bridge(fmt.Sprint("br", i))}); err != nil {
			t.Fatal(err)
		}
	}
	var wait sync.WaitGroup
	for w := range 8 {
		wait.Go(func() {
			for n := range 100 {
				i := (n*7 + w*3) % len(refs)
				a := has(fmt.Sprint("br", i))
				if n%5 == 0 {
					a = thread(func(c *nsexec.Conn) error {
						_, err := c.Index(nsexec.ByName(fmt.Sprint("br", i)))
						return err
					})
				}
				if err := e.Run(t.Context(), nsexec.Step{NS: refs[i], Action: a}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}
