//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// inside is what a program prints in a namespace.
func inside(t *testing.T, ns nsexec.Ref, args ...string) string {
	t.Helper()
	cmd := exec.Command("ip", append([]string{"netns", "exec", ns.Name}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%q: %v: %s", args, err, out)
	}
	return string(out)
}

// offloads are what ethtool shows of a link's features.
func offloads(t *testing.T, ns nsexec.Ref, link string) map[string]bool {
	t.Helper()
	var all []map[string]json.RawMessage
	text := inside(t, ns, "ethtool", "--json", "-k", link)
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	active := map[string]bool{}
	for name, raw := range all[0] {
		var f struct{ Active bool }
		if name != "ifname" && json.Unmarshal(raw, &f) == nil {
			active[name] = f.Active
		}
	}
	return active
}

func TestOffload(t *testing.T) {
	for _, test := range []struct {
		script string
		want   map[string]bool
	}{
		{"offload eth0 tso off gro on", map[string]bool{"tcp-segmentation-offload": false, "tx-tcp6-segmentation": false, "generic-receive-offload": true, "generic-segmentation-offload": true}},
		{"offload eth0 tcp-segmentation-offload off generic-receive-offload on", map[string]bool{"tcp-segmentation-offload": false, "generic-receive-offload": true}},
		{"offload eth0 tx-tcp6-segmentation off", map[string]bool{"tx-tcp6-segmentation": false, "tx-tcp-segmentation": true}},
		{"offload eth0 sg off", map[string]bool{"scatter-gather": false, "tx-scatter-gather-fraglist": false, "tx-tcp-segmentation": false}},
		{"offload eth0 tx off rx off", map[string]bool{"tx-checksumming": false, "rx-checksumming": false, "tx-checksum-sctp": false}},
		{"offload eth0 gso off rxvlan off txvlan off", map[string]bool{"generic-segmentation-offload": false, "rx-vlan-offload": false, "tx-vlan-offload": false}},
		{"offload eth0 rx-gro-list on rx-udp-gro-forwarding on", map[string]bool{"rx-gro-list": true, "rx-udp-gro-forwarding": true}},
		{"offload eth0 tso off; offload eth0 tso on", map[string]bool{"tcp-segmentation-offload": true, "tx-tcp-mangleid-segmentation": true}},
		{"offload eth0 lro off ntuple off", map[string]bool{"large-receive-offload": false}},
	} {
		ns, err := runIn(t, test.script)
		if err != nil {
			t.Errorf("%s: %v", test.script, err)
			continue
		}
		got := offloads(t, ns, "eth0")
		for name, want := range test.want {
			if on, there := got[name]; on != want || !there {
				t.Errorf("%s: %s is %t, want %t", test.script, name, on, want)
			}
		}
		claim(t, "", test.script, func(ns nsexec.Ref) bool {
			return maps.Equal(offloads(t, ns, "eth0"), got)
		})
	}
}

func TestOffload_refused(t *testing.T) {
	for script, want := range map[string]string{
		"offload eth0 lro on":                       `"lro" of eth0 is fixed to off; this link can switch `,
		"offload eth0 hw-tc-offload on":             `"hw-tc-offload" of eth0 is fixed to off`,
		"offload eth0 sg off; offload eth0 tso on":  `the kernel leaves "tso" of eth0 off`,
		"offload lo rx off":                         `"rx" of lo is fixed to on`,
		"offload eth0 tls-hw-tx-offload on tso off": `"tls-hw-tx-offload" of eth0 is fixed to off`,
	} {
		_, err := runIn(t, script)
		if !errors.Is(err, unix.EOPNOTSUPP) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
	if _, err := runIn(t, "offload nolink tso off"); !errors.Is(err, unix.ENODEV) {
		t.Errorf("no such link: %v", err)
	}
	for script, want := range map[string]string{
		"offload eth0":                                      `"offload" needs at least one offload to switch`,
		"offload eth0 tso":                                  `"tso" needs a value: on|off`,
		"offload eth0 tsso off":                             `unknown option "tsso" of "offload"`,
		"offload eth0 tso maybe":                            `"tso"`,
		"offload eth0 tso off tx-tcp6-segmentation on":      `"tx-tcp6-segmentation" is a part of "tso", or the other way round`,
		"offload eth0 tso off tcp-segmentation-offload off": `"tso" is given twice`,
	} {
		if err := check(t, script); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", script, err, want)
		}
	}
}

// offloadUndos are changes of a link that is older than the run.
var offloadUndos = []string{
	"offload eth0 tso on gro on",
	"offload eth0 sg off tx off",
	"offload eth0 tx-tcp6-segmentation on; offload eth0 gso off; down eth0; rename eth0 other",
}

// TestOffload_undo: a run that fails, and one that is taken back from its journal,
// leave older links with the offloads that they had.
func TestOffload_undo(t *testing.T) {
	for _, script := range offloadUndos {
		for _, how := range undoers {
			ns := quietNS(t)
			inside(t, ns, "ethtool", "-K", "eth0", "tso", "off", "rx-gro-list", "off")
			before := nstest.Dump(t)
			how.undo(t, fmt.Sprintf("in ns %s <\n%s\n>", ns.Name, script))
			if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
				t.Errorf("%s, %s:\n%s", script, how.name, diff)
			}
		}
	}
}

// TestOffload_remade: a link that undoing makes again, as bridges are, gets the
// offloads that it had.
func TestOffload_remade(t *testing.T) {
	ns, err := runIn(t, "master eth0 br0")
	if err != nil {
		t.Fatal(err)
	}
	inside(t, ns, "ethtool", "-K", "br0", "gro", "off", "tx-tcp6-segmentation", "off")
	before := nstest.Dump(t)
	for _, script := range []string{"del bridge br0", "offload br0 gro on; del link br0", "replace bridge br0 up"} {
		undoneAtOnce(t, fmt.Sprintf("in %s <\n%s\n>", ns, script))
		if diff := nstest.DumpDiff(before, nstest.Dump(t)); diff != "" {
			t.Errorf("%s:\n%s", script, diff)
		}
	}
}
