//go:build linux

package builtins_test

// newerKernels are what needs a kernel newer than the VM's usual one, with its
// release: an item, or the end or the start of items around a star.
var newerKernels = map[string]string{
	"* gso_ipv4_max_size": "6.3", "* gro_ipv4_max_size": "6.3",
	"netkit*": "6.7", "del netkit": "6.7", "ensure netkit": "6.7", "replace netkit": "6.7",
	"bridge fdb_max_learned": "6.7", "vxlan nolocalbypass": "6.5", "vxlan localbypass": "6.5", "macvlan bclim": "6.4", "macvtap bclim": "6.4",
	"port mcast_max_groups": "6.3", "port neigh_vlan_suppress": "6.4", "port mab": "6.2", "port backup_nhid": "6.6",
	"bvlan mcast_max_groups": "6.3", "bvlan neigh_suppress": "6.4", "offload tx-tcp-accecn-segmentation": "6.15",
	// Debian's have these since 6.12, or some release before it.
	"hsr*": "6.12", "* hsr": "6.12",
	"filter flower cfm": "6.5", "filter flower l2_miss": "6.5",
	"xfrm state dir": "6.10", "xfrm policy offload*": "6.2",
	"mdb proto": "6.2", "mdb filter_mode": "6.2", "mdb source_list": "6.2",
	"nexthop hw_stats": "6.9",
	"mdb dst":          "6.3", "mdb dst_port": "6.3", "mdb vni": "6.3", "mdb src_vni": "6.3", "mdb via": "6.3",
}

// goneKernels are what a kernel has no more, with the first release without.
var goneKernels = map[string]string{"offload fcoe-mtu": "6.12"}

// leftOut are what a kernel may be built without, in whatever release, and what a
// test enters of it where the kernel has it. Debian has no bareudp; scripts/vmtest/run
// -b builds it.
var leftOut = map[string]string{"bareudp*": "bareudp", "* bareudp": "bareudp"}

// noHardware is why, but where there is netdevsim (scripts/vmtest/run -b).
const noHardware = "without hardware that does it the kernel does it by itself"

// mootOptions are those that make no difference to what anything shows, and why:
// mostly they say what is so anyway. A test has to set each all the same.
var mootOptions = map[string]string{
	"bridge mcast_hash_elasticity": "the kernel reads it and shows 16, whatever it was",
	"hsr version":                  "the kernel tells nobody",
	"replace gtp":                  "the sockets of one that goes are in the way of another",
	"bond clear_active_slave":      "the bond chooses one again at once",
	"xfrm state offload crypto":    noHardware, "xfrm state offload dev": noHardware, "xfrm state offload dir": noHardware,
	"xfrm policy offload packet": "it is so anyway", "xfrm policy offload dev": "the kernel refuses each link that can't do it, with the same words",
	"netkit A forward": "it is so unless blackhole is said", "netkit B forward": "it is so unless blackhole is said",
	"l2tp session l2spec_type": "the kernel tells nobody",
	"link link":                "the kinds that have no verb, of those that there are, are made on no other link",
	"route rto_min lock":       "the kernel heeds it only locked, so it always is",
	"vxlan udpcsum":            "it is so unless noudpcsum is said, and can't be changed",
	"set xdpoffload":           noHardware, "set xdpoffload obj": noHardware, "set xdpoffload sec": noHardware, "set xdpoffload program": noHardware,
	"set xdpoffload pinned": noHardware, "set xdpoffload off": noHardware,
	"route encap bpf headroom": "the kernel tells nobody", "route nexthop encap bpf headroom": "the kernel tells nobody",
	"nexthop encap bpf headroom": "the kernel tells nobody",
}
