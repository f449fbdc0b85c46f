//go:build linux

package lab_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/interp/lab"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
	"github.com/nescript/nescript/nsexec/nstest"
)

// star is what is killed: hosts on a bridge of the host's, and meanwhile changes
// of what older has made.
const star = `
param hosts = 150
let net = 10.44.0.0/16
set old0 mtu 1400
bridge hub up
for i in 1..hosts <
    ns h$i
    veth h$i:eth0 (net[i]) p$i master hub up
    if (i == hosts / 5) < sysctl net.ipv4.conf.old0.rp_filter 2; addr old0 10.45.0.2/24 >
    if (i == hosts / 2) < del link gone >
    if (i == hosts * 3 / 5) < del ns older; del addr old0 10.45.0.1/24 >
    if (i == hosts * 4 / 5) < route blackhole 10.46.0.0/16; rule from 10.47.0.0/16 table 99 priority 900 >
>
addr hub (net[1000])
`

// hostsEnv is how many hosts there are.
const hostsEnv = "LAB_TEST_HOSTS"

// older is there before, and has to be there afterwards.
const older = `
mkdir -p /run/nescript && chmod 700 /run/nescript
sysctl -qw net.ipv6.conf.default.accept_dad=0
ip link add old0 type veth peer name old1
ip link set old0 addrgenmode none up
ip link set old1 addrgenmode none up
ip addr add 10.45.0.1/24 dev old0
ip link add gone type ifb
ip link set gone mtu 1300 addrgenmode none up
ip addr add 10.48.0.1/24 dev gone
ip addr add 2001:db8:48::1/64 dev gone nodad
ip netns add older
ip -n older link set lo up
`

const noLongerOlder = `
ip link del old0
ip link del gone
ip netns del older
`

func runStar() error {
	f, err := lang.Parse("star.nes", []byte(star))
	if err != nil {
		return err
	}
	return lab.Run(context.Background(), f, lab.Config{
		Name: "star", Stays: true,
		Options: []interp.Option{interp.Params(map[string]string{"hosts": os.Getenv(hostsEnv)})},
	})
}

func downStar() error {
	e, err := nsexec.NewEngine()
	if err != nil {
		return err
	}
	defer e.Close()
	_, err = lab.Down(context.Background(), "star", lab.DownConfig{Engine: e})
	return err
}

// TestKill: whenever a run is killed, Down leaves things as they were before.
func TestKill(t *testing.T) { kills(t, 150, nstest.Sample(200, 40, 10), killRuns) }

// TestKill_down: a Down that is killed is finished by the next.
func TestKill_down(t *testing.T) { kills(t, 50, nstest.Sample(20, 8, 2), killDowns) }

func killRuns(t *testing.T, n int) {
	before := steady(t)
	whole := timed(t, "run")
	takeDown(t, before, "after a run that nobody kills")
	for i := range n {
		at := moment(whole)
		ended := killAt(t, "run", at)
		takeDown(t, before, fmt.Sprintf("run %d, killed after %v of %v (had ended: %v)", i, at, whole, ended))
	}
}

func killDowns(t *testing.T, n int) {
	before := steady(t)
	timed(t, "run")
	whole := timed(t, "down")
	for i := range n {
		timed(t, "run")
		at := moment(whole)
		ended := killAt(t, "down", at)
		takeDown(t, before, fmt.Sprintf("down %d, killed after %v of %v (had ended: %v)", i, at, whole, ended))
	}
}

const (
	// sandboxes is how many of them share the work. The kernel mostly waits for
	// itself when it deletes a link, so more of them do more at once.
	sandboxes = 4
	// shareEnv has a process do some of a test's rounds.
	shareEnv = "LAB_TEST_ROUNDS"
)

// kills has processes in sandboxes of their own do the rounds.
func kills(t *testing.T, hosts, n int, do func(*testing.T, int)) {
	t.Helper()
	if share, err := strconv.Atoi(os.Getenv(shareEnv)); err == nil {
		furnish(t)
		do(t, share)
		return
	}
	var good atomic.Int64
	var all sync.WaitGroup
	for i := range sandboxes {
		share := (n + i) / sandboxes
		all.Go(func() {
			cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$")
			cmd.Env = append(outOfSandbox(), shareEnv+"="+strconv.Itoa(share), hostsEnv+"="+strconv.Itoa(hosts))
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
				return
			}
			good.Add(int64(share))
		})
	}
	all.Wait()
	t.Logf("%d of %d", good.Load(), n)
}

// outOfSandbox is an environment in which a process makes a sandbox once more.
func outOfSandbox() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "NESCRIPT_SANDBOX=") })
}

func furnish(t *testing.T) {
	t.Helper()
	shell(t, older)
	t.Cleanup(func() { shell(t, noLongerOlder) })
}

// moment is one between the start and a bit after the end.
func moment(whole time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(whole) * 11 / 10)).Round(time.Microsecond)
}

// timed has a role run to its end, which is to be a good one.
func timed(t *testing.T, role string) time.Duration {
	t.Helper()
	start := time.Now()
	if out, err := asRole(role).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", role, err, out)
	}
	return time.Since(start)
}

// killAt starts a role and kills it after a time, unless it ends before; then
// it is to have succeeded.
func killAt(t *testing.T, role string, after time.Duration) (ended bool) {
	t.Helper()
	var out bytes.Buffer
	cmd := asRole(role)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer kill.Stop()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && !exit.Exited() {
		return false
	}
	if err != nil {
		t.Fatalf("%s, to be killed after %v: %v\n%s", role, after, err, &out)
	}
	return true
}

// takeDown takes the lab down, if there is any of it, and compares.
func takeDown(t *testing.T, before, when string) {
	t.Helper()
	entries, _ := os.ReadFile("/run/nescript/star/journal.nes")
	err := downStar()
	var none *journal.NoLabError
	if err != nil && !errors.As(err, &none) {
		t.Fatalf("%s: %v\n%s", when, err, tail(string(entries)))
	}
	if diff := differs(t, before); diff != "" {
		t.Fatalf("%s, this differs:\n%s\nthe journal ended with\n%s", when, start(diff), tail(string(entries)))
	}
}

// patience is how long the kernel may take over what it does a moment later,
// such as joining groups and adding routes for IPv6, on a machine that is busy.
const patience = 20 * time.Second

// differs is what differs from before, once the kernel has come to rest.
func differs(t *testing.T, before string) (diff string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if diff = nstest.DumpDiff(before, nstest.Dump(t)); diff == "" {
			break
		}
	}
	return diff
}

// steady is a dump that has been the same for a while.
func steady(t *testing.T) string {
	t.Helper()
	const enough = 10
	text := nstest.Dump(t)
	for end, same := time.Now().Add(patience), 0; same < enough; time.Sleep(50 * time.Millisecond) {
		now := nstest.Dump(t)
		if same++; now != text {
			text, same = now, 0
		}
		if time.Now().After(end) {
			t.Fatal("what is there keeps changing")
		}
	}
	return text
}

// tail is the end of a journal.
func tail(text string) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "")
}

// start is as much of a difference as people read.
func start(diff string) string {
	const most = 40
	lines := strings.SplitAfter(diff, "\n")
	if len(lines) <= most {
		return diff
	}
	return strings.Join(lines[:most], "") + fmt.Sprintf("and %d lines more\n", len(lines)-most)
}
