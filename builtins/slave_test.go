//go:build linux

package builtins_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// bonded has eth0 under a bond.
const bonded = "bond b1 mode active-backup miimon 100 up; down eth0; master eth0 b1;"

var slaveWitnesses = []witness{
	{"slave eth0 queue_id 2", "link show eth0", map[string]string{"linkinfo.info_slave_data.queue_id": "2"}},
	{"slave eth0 prio 7", "link show eth0", map[string]string{"linkinfo.info_slave_data.prio": "7"}},
	{"slave eth0 prio -7 queue_id 3", "link show eth0", map[string]string{"linkinfo.info_slave_data.prio": "-7", "linkinfo.info_slave_data.queue_id": "3"}},
}

func TestSlave(t *testing.T) {
	nstest.NeedKind(t, "bond")
	for _, w := range slaveWitnesses {
		w.script = bonded + w.script
		w.check(t)
	}
	if _, err := runIn(t, "slave eth0 prio 7"); err == nil {
		t.Error("a link without a bond took a bond's option")
	}
}

func TestSlave_asIP(t *testing.T) {
	nstest.NeedKind(t, "bond")
	asBridge(t, bonded, []sameAs{
		{"slave eth0 queue_id 2 prio 9", "ip link set eth0 type bond_slave queue_id 2 prio 9"},
		{"slave eth0 prio -9", "ip link set eth0 type bond_slave prio -9"},
	}, "link show eth0")
}

// olderBond is made by ip, before a run.
const olderBond = `ip link add b1 type bond mode active-backup miimon 100
ip link set b1 up
ip link set eth0 down
ip link set eth0 master b1
ip link set eth0 type bond_slave queue_id 2 prio 9
ip link set b1 type bond primary eth0`

// TestSlave_undo: a run that fails leaves an older link under its bond as it was.
func TestSlave_undo(t *testing.T) {
	nstest.NeedKind(t, "bond")
	undoes(t, olderBond, []string{
		"slave eth0 queue_id 0 prio -3",
		"nomaster eth0; down eth0; bond b9; master eth0 b9; slave eth0 queue_id 5",
		"del link b1",
		"veth a b; master a b1; slave a queue_id 4",
	})
}

func TestSlave_refused(t *testing.T) {
	refused(t, map[string]string{
		"slave eth0":                `"slave" needs at least one thing to change: queue_id`,
		"slave eth0 queue_id 65536": `"queue_id": 65536 is not in 0..65535`,
	})
}
