//go:build linux

package builtins

import "slices"

// NETKIT_* of linux/if_link.h.
const (
	netkitL2 = 0
	netkitL3 = 1
)

// netkitPair has attributes IFLA_NETKIT_* of linux/if_link.h. That of an end's
// policy has 3 for the first end and 4 for the second; so it is with scrub.
var netkitPair = pair{
	name: "netkit", addrs: true,
	doc:     "join two ends with BPF programs in between (Linux 6.7)",
	example: "netkit h1:eth0 10.0.0.1/24 r:p1 mode l3 up",
	ends:    endOptions,
	options: slices.Concat(pairOptions, queueOptions),
	data: []kindOption{
		{name: "mode", attr: 5, typ: oneOf(word{"l2", netkitL2}, word{"l3", netkitL3}), encode: u32, doc: "whether the ends carry Ethernet frames, l2, or IP packets, l3, which they do unless told"},
	},
	own: []kindOption{
		{name: "forward", attr: 3, encode: fixed32(0), doc: "let packets through where no program says otherwise; so it is unless told"},
		{name: "blackhole", attr: 3, encode: fixed32(2), doc: "drop packets where no program says otherwise"},
	},
	peer: 1, l3: true,
}

// vxcanPair joins without addresses: CAN has none.
var vxcanPair = pair{
	name:    "vxcan",
	doc:     "join two virtual CAN links, each made where it belongs",
	example: "vxcan h1:can0 h2:can0 up",
	ends:    slices.DeleteFunc(slices.Clone(endOptions), func(o Option) bool { return o.Name == "hw" || o.Name == "master" }),
	options: []Option{
		{Name: "up", Doc: "take both ends up"},
		{Name: "mtu", Type: number(16, 2060), Doc: "the size of a frame: 16, with CAN FD 72, with CAN XL up to 2060"},
		queueOptions[0], queueOptions[1],
	},
}

func fixed32(n int64) func(any) ([]byte, error) {
	return func(any) ([]byte, error) { return u32(n) }
}
