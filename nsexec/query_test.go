//go:build linux

package nsexec_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// furnished is a namespace with a bit of everything in it.
func furnished(t *testing.T) nsexec.Ref {
	t.Helper()
	ns := nstest.NS(t)
	for _, line := range strings.Split(strings.TrimSpace(`
link add br0 type bridge ageing_time 1234
link add name a type veth peer name b
link set dev a master br0 alias hello
link set dev b address 02:00:00:00:00:01
link property add dev a altname first-altname altname second
link set dev a up
link set dev b up
link set br0 up
link add name mv link b type macvlan mode private
link add vx type vxlan id 3 dstport 4789 local 10.0.0.1 group 239.1.1.1 dev br0 ttl 5
link add vy type vxlan id 4 dstport 4790 remote 2001:db8::9 nolearning
link set mv group 7
addr add 10.0.0.1/24 brd + dev br0
addr add 10.9.0.1 peer 10.9.0.2/32 dev br0 label br0:x
addr add 10.0.0.9/24 dev br0 valid_lft 100 preferred_lft 50
addr add 2001:db8::1/64 dev br0 nodad
addr add 2001:db8::7/64 dev b nodad noprefixroute
route add default via 10.0.0.2
route add 10.5.0.0/16 nexthop via 10.0.0.3 weight 2 nexthop via 10.0.0.4
route add 10.55.0.0/16 via inet6 2001:db8::5 dev br0
route add blackhole 10.6.0.0/16
route add 10.7.0.0/16 dev br0 scope link src 10.0.0.1 metric 7 mtu 1400 advmss 1000
route add 10.8.0.0/16 via 10.0.0.2 proto static table 100
route add 10.10.0.0/16 via 10.77.0.1 dev br0 onlink
-6 route add default via 2001:db8::2 metric 55
-6 route add 2001:db8:9::/48 dev br0 table 100
neigh add 10.0.0.2 lladdr 02:00:00:00:00:09 dev br0
neigh add 2001:db8::2 lladdr 02:00:00:00:00:0a dev br0 router`), "\n") {
		ip(t, append([]string{"-n", ns.Name}, strings.Fields(line)...)...)
	}
	return ns
}

// look reads from a namespace through an engine.
func look[T any](t *testing.T, ns nsexec.Ref, f func(*nsexec.Conn) (T, error)) T {
	t.Helper()
	var got T
	err := newEngine(t).Look(t.Context(), ns, func(c *nsexec.Conn) (err error) {
		got, err = f(c)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// plain is a value as its JSON says it.
func plain[T any](t *testing.T, v any) T {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var p T
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// sameRecords compares what a query returned with what ip printed, apart from
// the fields that queries leave out or that change as time goes by.
func sameRecords(t *testing.T, got any, want []map[string]any, apart ...string) {
	t.Helper()
	records := plain[[]map[string]any](t, got)
	strip := func(m map[string]any) {
		for _, key := range apart {
			outer, inner, deep := strings.Cut(key, ".")
			if nested, ok := m[outer].(map[string]any); ok && deep {
				delete(nested, inner)
			} else if !deep {
				delete(m, outer)
			}
		}
	}
	for _, m := range records {
		strip(m)
	}
	for _, m := range want {
		strip(m)
		if info, ok := m["linkinfo"].(map[string]any); ok {
			for _, key := range []string{"info_data", "info_slave_data"} {
				onlyKnown(info, key, records)
			}
		}
	}
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("ip (-) and the query (+) differ:\n%s", diff)
	}
}

// onlyKnown drops the fields of a link's kind that queries don't show.
func onlyKnown(info map[string]any, key string, records []map[string]any) {
	data, ok := info[key].(map[string]any)
	if !ok {
		return
	}
	for field := range data {
		shown := slices.ContainsFunc(records, func(r map[string]any) bool {
			mine, _ := r["linkinfo"].(map[string]any)
			values, _ := mine[key].(map[string]any)
			_, has := values[field]
			return has
		})
		if !shown {
			delete(data, field)
		}
	}
}

func TestLinks(t *testing.T) {
	ns := furnished(t)
	apart := []string{"tso_max_size", "tso_max_segs", "gso_ipv4_max_size", "gro_ipv4_max_size", "parentbus", "parentdev"}
	links := look(t, ns, nsexec.Links)
	sameRecords(t, links, nstest.IP(t, "-n", ns.Name, "link"), apart...)
	for _, name := range []string{"a", "vx", "mv", "first-altname"} {
		one := look(t, ns, func(c *nsexec.Conn) (nsexec.LinkRecord, error) { return nsexec.LinkInfo(c, nsexec.ByName(name)) })
		sameRecords(t, []nsexec.LinkRecord{one}, nstest.IP(t, "-n", ns.Name, "link", "show", "dev", name), apart...)
	}
}

func TestLinkInfo_elsewhere(t *testing.T) {
	ns, other := nstest.NS(t), nstest.NS(t)
	ip(t, "-n", ns.Name, "link", "add", "name", "a", "type", "veth", "peer", "name", "b", "netns", other.Name)
	link := look(t, ns, func(c *nsexec.Conn) (nsexec.LinkRecord, error) { return nsexec.LinkInfo(c, nsexec.ByName("a")) })
	want := nstest.Link(t, ns, "a")
	if link.LinkNetnsID == nil || *link.LinkNetnsID != 0 && want["link_netnsid"] == nil || link.Link != "" || float64(link.LinkIndex) != want["link_index"] {
		t.Errorf("got %+v, want %v", link, want)
	}
}

func TestAddrs(t *testing.T) {
	ns := furnished(t)
	for _, name := range []string{"br0", "b", "lo", "mv"} {
		addrs := look(t, ns, func(c *nsexec.Conn) ([]nsexec.AddrRecord, error) { return nsexec.Addrs(c, nsexec.ByName(name)) })
		var want []map[string]any
		for _, a := range nstest.IP(t, "-n", ns.Name, "addr", "show", "dev", name)[0]["addr_info"].([]any) {
			want = append(want, a.(map[string]any))
		}
		if want == nil {
			want = []map[string]any{}
		}
		// The lifetimes go down, and duplicate address detection goes on.
		sameRecords(t, addrs, want, "ifname", "valid_life_time", "preferred_life_time", "tentative", "protocol")
		for _, a := range addrs {
			if a.Link != name {
				t.Errorf("%v is said to be of %q", a.Local, a.Link)
			}
			if limited := a.Local == netip.MustParseAddr("10.0.0.9"); limited != (a.ValidLifetime <= 100) {
				t.Errorf("%v is valid for %d", a.Local, a.ValidLifetime)
			}
		}
	}
	all := look(t, ns, func(c *nsexec.Conn) ([]nsexec.AddrRecord, error) { return nsexec.Addrs(c, nsexec.LinkRef{}) })
	if len(all) < 6 || all[0].Link != "lo" {
		t.Errorf("got %+v", all)
	}
}

func TestRoutes(t *testing.T) {
	ns := furnished(t)
	for family, name := range map[int]string{unix.AF_INET: "-4", unix.AF_INET6: "-6"} {
		for table, tableName := range map[int]string{0: "main", 100: "100", unix.RT_TABLE_LOCAL: "local"} {
			routes := look(t, ns, func(c *nsexec.Conn) ([]nsexec.RouteRecord, error) { return nsexec.Routes(c, family, table) })
			for _, r := range routes {
				if r.Table != tableName {
					t.Errorf("%v is of table %s, want %s", r.Dst, r.Table, tableName)
				}
			}
			// While a link comes up, IPv6 adds routes of its own.
			sameRecords(t, dropKernels(routes), dropKernelMaps(nstest.IP(t, "-n", ns.Name, name, "route", "show", "table", tableName)), "table", "metric")
		}
	}
	both := look(t, ns, func(c *nsexec.Conn) ([]nsexec.RouteRecord, error) { return nsexec.Routes(c, 0, 0) })
	if len(both) < 10 || both[0].Metric != 0 || both[0].Dst != "default" {
		t.Errorf("got %+v", both)
	}
}

func dropKernels(routes []nsexec.RouteRecord) []nsexec.RouteRecord {
	return slices.DeleteFunc(slices.Clone(routes), func(r nsexec.RouteRecord) bool { return r.Protocol == "kernel" && r.Pref != "" })
}

func dropKernelMaps(routes []map[string]any) []map[string]any {
	if routes == nil {
		return []map[string]any{}
	}
	return slices.DeleteFunc(routes, func(r map[string]any) bool { return r["protocol"] == "kernel" && r["pref"] != nil })
}

func TestRouteTo(t *testing.T) {
	ns := furnished(t)
	for _, dst := range []string{"10.0.0.77", "10.8.0.1", "10.7.1.1", "10.0.0.1", "2001:db8::77", "2001:db8:1::1"} {
		route := look(t, ns, func(c *nsexec.Conn) (nsexec.RouteRecord, error) { return nsexec.RouteTo(c, netip.MustParseAddr(dst)) })
		want := nstest.IP(t, "-n", ns.Name, "route", "get", dst)
		sameRecords(t, []nsexec.RouteRecord{route}, want, "from", "uid", "cache", "protocol", "scope", "metrics")
	}
	err := newEngine(t).Look(t.Context(), nstest.NS(t), func(c *nsexec.Conn) error {
		_, err := nsexec.RouteTo(c, netip.MustParseAddr("192.0.2.1"))
		return err
	})
	if !errors.Is(err, unix.ENETUNREACH) {
		t.Errorf("got %v", err)
	}
}

func TestNeighs(t *testing.T) {
	ns := furnished(t)
	neighs := look(t, ns, nsexec.Neighs)
	if len(neighs) != 2 || !slices.Equal(neighs[0].State, []string{"PERMANENT"}) {
		t.Errorf("got %+v", neighs)
	}
	want := nstest.IP(t, "-n", ns.Name, "neigh")
	slices.SortFunc(want, func(a, b map[string]any) int { return strings.Compare(a["dst"].(string), b["dst"].(string)) })
	sameRecords(t, neighs, want, "router") // which iproute2 prints as null
	if !neighs[1].Router {
		t.Errorf("%v is no router", neighs[1])
	}
}

func TestStats(t *testing.T) {
	ns := furnished(t)
	for _, name := range []string{"lo", "a", "br0"} {
		ip(t, "-n", ns.Name, "link", "set", "dev", name, "down") // so that nothing is sent meanwhile
		stats := look(t, ns, func(c *nsexec.Conn) (nsexec.LinkStats, error) { return nsexec.Stats(c, nsexec.ByName(name)) })
		want := nstest.IP(t, "-s", "-n", ns.Name, "link", "show", "dev", name)[0]["stats64"].(map[string]any)
		if diff := cmp.Diff(want, plain[map[string]any](t, stats)); diff != "" {
			t.Errorf("%s: ip (-) and Stats (+) differ:\n%s", name, diff)
		}
	}
}

func TestNamespaces(t *testing.T) {
	a, b := nstest.NS(t), nstest.NS(t)
	names, err := nsexec.Namespaces()
	if err != nil || !slices.Contains(names, a.Name) || !slices.Contains(names, b.Name) || !slices.IsSorted(names) {
		t.Errorf("%v, %v", names, err)
	}
}

func TestQueries_noLink(t *testing.T) {
	ns := nstest.NS(t)
	err := newEngine(t).Look(t.Context(), ns, func(c *nsexec.Conn) error {
		for _, ref := range []nsexec.LinkRef{nsexec.ByName("nope"), nsexec.ByIndex(77), nsexec.ByAlias("nope"), nsexec.ByName("no-such-link-of-so-long-a-name")} {
			_, e1 := nsexec.LinkInfo(c, ref)
			_, e2 := nsexec.Addrs(c, ref)
			_, e3 := nsexec.Stats(c, ref)
			for _, err := range []error{e1, e2, e3} {
				var none *nsexec.NoLinkError
				if !errors.As(err, &none) || none.Link != ref.String() || !slices.Equal(none.Have, []string{"lo"}) {
					t.Errorf("%s: got %v", ref, err)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
