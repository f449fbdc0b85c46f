//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"net/netip"
)

// fatTree is the tree of k-port switches of Al-Fares et al.: k pods, each of
// k/2 edge and k/2 aggregation switches, (k/2)² core switches above them and k/2
// hosts below each edge switch. The switches are routers, each a namespace: as
// bridges they would be a loop.
var fatTree = family{
	name: "fattree", about: "a fat tree of K-port switches, routed: a /31 on each link, and routes by one path",
	does: build, sizes: []int{8, 16}, most: 32, step: 2,
	unit: "link", units: func(k int) int { return 3 * k * k * k / 4 },
	plan:   planFatTree,
	script: func(k int) (string, []string) { return fatTreeScript, []string{fmt.Sprintf("k=%d", k)} },
}

//go:embed nes/fattree.nes
var fatTreeScript string

// tree is a fat tree that is being planned.
type tree struct {
	*plan
	k, half            int
	cores, aggs, edges []int // namespaces; those of a pod one after the other
}

func planFatTree(k int) *plan {
	t := &tree{plan: &plan{}, k: k, half: k / 2}
	for c := range t.half * t.half {
		t.cores = append(t.cores, t.space("c%d", c))
	}
	for _, layer := range []struct {
		name     string
		switches *[]int
	}{{"a", &t.aggs}, {"e", &t.edges}} {
		for pod := range k {
			for i := range t.half {
				*layer.switches = append(*layer.switches, t.space("%s%d-%d", layer.name, pod, i))
			}
		}
	}
	for pod := range k {
		for i := range t.half {
			t.toCores(pod, i)
			t.toAggs(pod, i)
			t.hosts(pod, i)
		}
	}
	return t.plan
}

// toCores joins an aggregation switch to its cores, which reach the pod by it.
func (t *tree) toCores(pod, j int) {
	agg := t.aggs[pod*t.half+j]
	for i := range t.half {
		core, dev := t.cores[j*t.half+i], fmt.Sprintf("p%d", pod)
		upper, lower := between((pod*t.half+j)*t.half + i)
		t.join(
			end{space: core, name: dev, addrs: []netip.Prefix{upper}},
			end{space: agg, name: fmt.Sprintf("u%d", i), addrs: []netip.Prefix{lower}})
		t.routes = append(t.routes, route{core, podPrefix(pod), lower.Addr(), dev})
		if i == pod%t.half {
			t.routes = append(t.routes, route{agg, defaultRoute, upper.Addr(), fmt.Sprintf("u%d", i)})
		}
	}
}

// toAggs joins an edge switch to the aggregation switches of its pod, which
// reach its hosts by it.
func (t *tree) toAggs(pod, e int) {
	edge := t.edges[pod*t.half+e]
	for j := range t.half {
		agg, dev := t.aggs[pod*t.half+j], fmt.Sprintf("d%d", e)
		upper, lower := between(t.k*t.half*t.half + (pod*t.half+e)*t.half + j)
		t.join(
			end{space: agg, name: dev, addrs: []netip.Prefix{upper}},
			end{space: edge, name: fmt.Sprintf("u%d", j), addrs: []netip.Prefix{lower}})
		t.routes = append(t.routes, route{agg, edgePrefix(pod, e), lower.Addr(), dev})
		if j == e%t.half {
			t.routes = append(t.routes, route{edge, defaultRoute, upper.Addr(), fmt.Sprintf("u%d", j)})
		}
	}
}

// hosts joins hosts to an edge switch.
func (t *tree) hosts(pod, e int) {
	edge := t.edges[pod*t.half+e]
	for h := range t.half {
		host := t.space("h%d-%d-%d", pod, e, h)
		first := netip.AddrFrom4([4]byte{10, byte(pod), byte(e), byte(2 * h)})
		t.join(
			end{space: edge, name: fmt.Sprintf("d%d", h), addrs: []netip.Prefix{netip.PrefixFrom(first, 31)}},
			end{space: host, name: "eth0", addrs: []netip.Prefix{netip.PrefixFrom(first.Next(), 31)}})
		t.routes = append(t.routes, route{host, defaultRoute, first, "eth0"})
	}
}

// between are the addresses of the i-th link between switches: of the end that
// is nearer to the cores, and of the other.
func between(i int) (upper, lower netip.Prefix) {
	first := netip.AddrFrom4([4]byte{172, byte(16 + i>>15), byte(i >> 7), byte(2 * i)})
	return netip.PrefixFrom(first, 31), netip.PrefixFrom(first.Next(), 31)
}

func podPrefix(pod int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(pod)}), 16)
}

func edgePrefix(pod, e int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(pod), byte(e)}), 24)
}
