//go:build linux

package nstest

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// clean drops from iproute2's answers what changes without anybody changing it,
// and orders what has no order. It keeps all else, the order of addresses,
// routes and rules too: which comes first decides.
func clean(what string, objects []map[string]any, noarp map[string]bool) []map[string]any {
	switch what {
	case "link":
		for _, o := range objects {
			cleanLink(o)
		}
	case "addr":
		return cleanAddrs(objects)
	case "route":
		for _, o := range objects {
			onlyWhether(o, "expires")
		}
		sortRoutes(objects)
	case "noarp":
		objects = slices.DeleteFunc(objects, func(o map[string]any) bool { return madeBySending(o, noarp) })
	case "qdisc":
		return cleanQdiscs(objects)
	case "mdb":
		return cleanGroups(objects)
	case "bvlan", "vlantunnel", "token":
		slices.SortStableFunc(objects, func(a, b map[string]any) int {
			return cmp.Compare(fmt.Sprint(a["ifname"]), fmt.Sprint(b["ifname"]))
		})
	case "fdb":
		// What a bridge has learnt it forgets again. The entries are in a hash
		// table, and those of a link itself in the order in which it came to
		// listen, which nothing depends on.
		objects = slices.DeleteFunc(objects, func(o map[string]any) bool {
			return o["state"] != "permanent" && o["state"] != "static" || isMembership(o)
		})
		slices.SortStableFunc(objects, func(a, b map[string]any) int {
			return cmp.Compare(fmt.Sprint(a["ifname"], a["mac"], a["dst"], a["vlan"]), fmt.Sprint(b["ifname"], b["mac"], b["dst"], b["vlan"]))
		})
	}
	return objects
}

// cleanGroups keeps the entries of multicast databases that somebody has set. They
// are in a hash table.
func cleanGroups(objects []map[string]any) []map[string]any {
	var out []map[string]any
	for _, o := range objects {
		entries, _ := o["mdb"].([]any)
		for _, e := range entries {
			if entry, ok := e.(map[string]any); ok && entry["state"] == "permanent" {
				out = append(out, entry)
			}
		}
	}
	slices.SortFunc(out, func(a, b map[string]any) int { return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return out
}

// cleanQdiscs keeps those that somebody has set. They are in no order.
func cleanQdiscs(objects []map[string]any) []map[string]any {
	var out []map[string]any
	for _, o := range objects {
		if o["handle"] == "0:" {
			continue
		}
		delete(o, "refcnt")
		if options, ok := o["options"].(map[string]any); ok {
			delete(options, "direct_packets_stat")
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(a, b map[string]any) int {
		return cmp.Compare(fmt.Sprint(a["dev"], a["handle"]), fmt.Sprint(b["dev"], b["handle"]))
	})
	return out
}

// isMembership reports whether an entry is of a link's own list of multicast
// addresses, which the kernel keeps as its protocols join and leave groups.
func isMembership(entry map[string]any) bool {
	mac, err := net.ParseMAC(fmt.Sprint(entry["mac"]))
	flags, _ := entry["flags"].([]any)
	own := slices.Contains(flags, any("self")) || entry["master"] == entry["ifname"]
	return err == nil && mac[0]&1 == 1 && own && entry["dst"] == nil
}

// cleanLink drops the timers of bridges and their ports, which count down. The
// kernel gives a link its queueing discipline when it first goes up and lets it
// keep it; nobody can take it away again. So what there is on a link that is
// down only says whether it ever was up. In the same way a link's operational
// state is unknown only until its carrier first changes, and up from then on; and
// whether a link without a carrier is down or has its lower layer down goes, for
// a pair over two namespaces, by the carrier of whatever link has the far end's
// index on this side (default_operstate of net/core/link_watch.c).
func cleanLink(o map[string]any) {
	info, _ := o["linkinfo"].(map[string]any)
	for _, part := range []string{"info_data", "info_slave_data"} {
		data, _ := info[part].(map[string]any)
		for key := range data {
			if strings.HasSuffix(key, "_timer") {
				delete(data, key)
			}
		}
	}
	if !hasFlag(o, "UP") {
		delete(o, "qdisc")
	}
	switch o["operstate"] {
	case "UNKNOWN":
		o["operstate"] = "UP"
	case "LOWERLAYERDOWN":
		o["operstate"] = "DOWN"
	}
}

// cleanAddrs keeps each link's name and addresses: the rest is in the answer
// about links. Lifetimes count down.
func cleanAddrs(objects []map[string]any) []map[string]any {
	var out []map[string]any
	for _, o := range objects {
		infos, _ := o["addr_info"].([]any)
		for _, info := range infos {
			if a, ok := info.(map[string]any); ok {
				onlyWhether(a, "valid_life_time")
				onlyWhether(a, "preferred_life_time")
			}
		}
		out = append(out, map[string]any{"ifname": o["ifname"], "addr_info": infos})
	}
	return out
}

// onlyWhether leaves of a time that counts down whether there is one, and
// whether it is over.
func onlyWhether(o map[string]any, key string) {
	const forever = 1<<32 - 1
	if seconds, ok := o[key].(float64); ok && seconds != 0 && seconds != forever {
		o[key] = "some"
	}
}

// sortRoutes orders the tables, which are in a hash table, and IPv6's routes of
// the link-local and the multicast prefix, of which each link has its own: what
// goes there names its link. All other routes stay in order within their table.
func sortRoutes(routes []map[string]any) {
	slices.SortStableFunc(routes, func(a, b map[string]any) int {
		if order := cmp.Compare(fmt.Sprint(a["table"]), fmt.Sprint(b["table"])); order != 0 {
			return order
		}
		dst := fmt.Sprint(a["dst"])
		if dst == b["dst"] && ofEachLink(dst) {
			return cmp.Compare(fmt.Sprint(a["metric"], a["dev"]), fmt.Sprint(b["metric"], b["dev"]))
		}
		return 0
	})
}

func ofEachLink(dst string) bool {
	ip, err := netip.ParseAddr(strings.Split(dst, "/")[0])
	return err == nil && ip.Is6() && (ip.IsLinkLocalUnicast() || ip.IsMulticast())
}

// madeBySending reports whether a neighbour without ARP is one that the kernel
// makes when it sends: multicast, and all on links that have no ARP.
func madeBySending(o map[string]any, noarp map[string]bool) bool {
	ip, err := netip.ParseAddr(fmt.Sprint(o["dst"]))
	return err == nil && ip.IsMulticast() || noarp[fmt.Sprint(o["dev"])]
}

// withoutARP are the names of the links that have no ARP.
func withoutARP(links []map[string]any) map[string]bool {
	out := map[string]bool{}
	for _, o := range links {
		if hasFlag(o, "NOARP") || hasFlag(o, "LOOPBACK") {
			out[fmt.Sprint(o["ifname"])] = true
		}
	}
	return out
}

func hasFlag(o map[string]any, flag string) bool {
	flags, _ := o["flags"].([]any)
	return slices.Contains(flags, any(flag))
}

// linkMoves reports whether the kernel has yet to draw the conclusion from a
// link's carrier, which it does a moment later (linkwatch), or whether a bridge
// has yet to let a port forward.
func linkMoves(o map[string]any) bool {
	if !hasFlag(o, "UP") {
		return false
	}
	info, _ := o["linkinfo"].(map[string]any)
	port, _ := info["info_slave_data"].(map[string]any)
	return hasFlag(o, "LOWER_UP") == hasFlag(o, "NO-CARRIER") || port["state"] == "listening" || port["state"] == "learning"
}

// addrMoves reports whether a link that is ready still asks whether one of its
// addresses is taken. While it has no carrier it does not ask.
func addrMoves(o map[string]any) bool {
	infos, _ := o["addr_info"].([]any)
	return hasFlag(o, "LOWER_UP") && slices.ContainsFunc(infos, func(info any) bool {
		a, _ := info.(map[string]any)
		return a["tentative"] == true && a["dadfailed"] != true
	})
}
