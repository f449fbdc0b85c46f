//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// showL3 is what has ip show whether hardware is wanted to count.
const showL3 = "stats show group offload subgroup hw_stats_info"

// TestSet_l3Stats: the kernel keeps the wish of a link that has no hardware, too.
func TestSet_l3Stats(t *testing.T) {
	for _, w := range []witness{
		{"set eth0 l3_stats on", "l3_stats", map[string]string{"#": "1", "0.is": "eth0 on used 0"}},
		{"set eth0 l3_stats on; set eth1 l3_stats on; set eth0 l3_stats off", "l3_stats", map[string]string{"#": "1", "0.is": "eth1 on used 0"}},
		{"set eth0 l3_stats on; set eth0 l3_stats on", "l3_stats", map[string]string{"#": "1"}},
		{"set eth0 l3_stats off", "l3_stats", map[string]string{"#": "0"}},
		{"set eth0 down; set eth0 name lan mtu 1400 xdp off l3_stats on", "l3_stats", map[string]string{"#": "1", "0.is": "lan on used 0"}},
	} {
		w.check(t)
	}
	asBridge(t, "", []sameAs{
		{"set eth0 l3_stats on", "ip stats set dev eth0 l3_stats on"},
		{"set eth0 l3_stats on; set eth0 l3_stats off", "ip stats set dev eth0 l3_stats on\nip stats set dev eth0 l3_stats off"},
	}, showL3)
	refused(t, map[string]string{
		"set eth0 l3_stats":       `"l3_stats" needs`,
		"set eth0 l3_stats maybe": "maybe",
	})
}

// TestSet_l3Stats_undo: a link of which it was wanted is one again, also where it had
// to be made again.
func TestSet_l3Stats_undo(t *testing.T) {
	const older = "ip link add m1 link eth0 type macvlan\nip stats set dev m1 l3_stats on\nip stats set dev br0 l3_stats on"
	runs := []string{
		"set m1 l3_stats off; set eth0 l3_stats on; del link eth0; del link br0",
		"set eth1 l3_stats on; set eth1 l3_stats off; set eth1 l3_stats on",
		"del link m1",
		"set br0 l3_stats off; down br0; set br0 name br9 l3_stats on; replace bridge br9",
	}
	undoes(t, older, runs, showL3)
	if !nstest.InVM() {
		undoesFromJournal(t, linesBefore(older), []string{
			"set m1 l3_stats off; set eth0 l3_stats on; set br0 l3_stats off; down br0; set br0 name br9 l3_stats on",
			runs[1],
		}, showL3)
	}
}

// Test_set_l3Stats asks a driver that counts, netdevsim's, which scripts/vmtest/run -b
// has. Where there is none, a veth's counts nothing.
func Test_set_l3Stats(t *testing.T) {
	ns := nstest.NS(t)
	sim, isSim := simulated(t, ns)
	if !isSim {
		t.Log("this kernel has no netdevsim")
		witness{"set eth0 l3_stats on", "l3_stats", map[string]string{"0.is": "eth0 on used 0"}}.check(t)
		return
	}
	link := sim.link(t)
	t.Logf("%s is netdevsim's", link)
	on, off := link+" on used 1", link+" on used 0"
	says := func(script, want string) {
		t.Helper()
		if _, err := runOn(t, "", fmt.Sprintf("in %s < %s >", ns, script)); err != nil {
			t.Errorf("%s: %v", script, err)
		}
		got, err := nstest.L3Stats(ns)
		if err != nil || strings.Join(got, "\n") != want {
			t.Errorf("after %s the kernel says %q, %v, want %q", script, got, err, want)
		}
	}
	says("set "+link+" l3_stats on", off) // before the driver is told that it can
	sim.allow(t, "enable_ifindex")
	says("", on)
	if text, err := nstest.Output(ns, "", "ip", "-j", "stats", "show", "dev", link, "group", "offload", "subgroup", "l3_stats"); err != nil || !strings.Contains(text, `"used":true},"stats64":{`) {
		t.Errorf("ip shows %s, %v", text, err)
	}
	says("set "+link+" l3_stats off", "")
	says("set "+link+" l3_stats on", on)
	undoneAtOnce(t, fmt.Sprintf("in %s < set %s l3_stats off >", ns, link))
	says("", on)
	says("set "+link+" l3_stats off", "")
	undoneFromJournal(t, fmt.Sprintf("in %s < set %s l3_stats on >", ns, link))
	says("", "")
	sim.allow(t, "fail_next_enable")
	_, err := runOn(t, "", fmt.Sprintf("in %s < set %s l3_stats on >", ns, link))
	if !errors.Is(err, unix.ECANCELED) || !strings.Contains(err.Error(), "the driver of "+link+" refuses l3_stats") || !strings.Contains(err.Error(), "Stats enablement set to fail") {
		t.Errorf("refused by the driver: %v", err)
	}
	says("", "")
}

// sim is a device of netdevsim's, which has one link.
type sim struct {
	ns nsexec.Ref
	id int
}

const simBus = "/sys/bus/netdevsim/"

// simulated makes one in a namespace, if the kernel has the driver.
func simulated(t *testing.T, ns nsexec.Ref) (sim, bool) {
	t.Helper()
	s := sim{ns, os.Getpid()}
	if built, _ := filepath.Glob("/lib/modules/*/built/netdevsim.ko"); nstest.InVM() && len(built) > 0 {
		if text, err := exec.Command("modprobe", "netdevsim").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
	}
	if _, err := os.Stat(simBus); err != nil {
		return s, false
	}
	err := nsexec.Do(nsexec.NPName(ns.Name), nsexec.NAGeneric("new_device", func() error {
		return os.WriteFile(simBus+"new_device", fmt.Appendf(nil, "%d 1", s.id), 0)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.WriteFile(simBus+"del_device", fmt.Append(nil, s.id), 0); err != nil {
			t.Error(err)
		}
	})
	return s, true
}

// link is its link's name.
func (s sim) link(t *testing.T) string { return s.shown(t).Name }

type simLink struct {
	Name  string `json:"ifname"`
	Index int    `json:"ifindex"`
}

func (s sim) shown(t *testing.T) simLink {
	t.Helper()
	text, err := nstest.Output(s.ns, "", "ip", "-j", "link", "show")
	var links []simLink
	if err == nil {
		err = json.Unmarshal([]byte(text), &links)
	}
	if err != nil || len(links) != 2 {
		t.Fatalf("the links are %s, %v", text, err)
	}
	return links[1]
}

// allow writes the link's index to a file of the driver's, on which it does what the
// file is called after.
func (s sim) allow(t *testing.T, file string) {
	t.Helper()
	debug := t.TempDir()
	if err := unix.Mount("debugfs", debug, "debugfs", 0, ""); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = unix.Unmount(debug, unix.MNT_DETACH) }()
	path := filepath.Join(debug, fmt.Sprintf("netdevsim/netdevsim%d/hwstats/l3", s.id), file)
	if err := os.WriteFile(path, fmt.Append(nil, s.shown(t).Index), 0); err != nil {
		t.Fatal(err)
	}
}
