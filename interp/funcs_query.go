//go:build linux

package interp

import (
	"fmt"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// queryFuncs ask the kernel, in the current namespace: of a link that is given
// as NS:LINK, in that one; of the others, in the one that NS names. What they
// return has the fields of `ip -j -d`; what ip leaves out is not there.
var queryFuncs = []*Function{
	{Name: "links", Params: []string{"[NS]"}, Asks: true, Doc: "the links of a namespace, as `ip -j -d link` shows them", Example: `links("h1")`, ask: askLinks},
	{Name: "link", Params: []string{"LINK"}, Asks: true, Doc: "one link, as `ip -j -d link` shows it", Example: `link("h1:eth0").mtu`, ask: askLink},
	{Name: "addrs", Params: []string{"LINK"}, Asks: true, Doc: "the addresses of a link, as `ip -j -d addr` shows them", Example: `addrs("eth0")[0].local`, ask: askAddrs},
	{Name: "stats", Params: []string{"LINK"}, Asks: true, Doc: "a link's counters rx and tx, each with bytes, packets, errors, dropped", Example: `stats("eth0").rx.packets`, ask: askStats},
	{Name: "routes", Params: []string{"[NS]"}, Asks: true, Doc: "the routes of the main table, IPv4 first, as `ip -j -d route` shows them", Example: `routes("h1")`, ask: askRoutes},
	{Name: "route_to", Params: []string{"IP", "[NS]"}, Asks: true, Doc: "the route that the kernel would take, as `ip -j route get` shows it", Example: `route_to("10.0.0.9").dev`, ask: askRouteTo},
	{Name: "neighs", Params: []string{"[NS]"}, Asks: true, Doc: "the neighbours, as `ip -j neigh` shows them", Example: `neighs("h1")`, ask: askNeighs},
	{Name: "namespaces", Params: nil, Asks: true, Doc: "the names of the named namespaces, sorted", Example: `namespaces()`, ask: askNamespaces},
	{Name: "exists", Params: []string{"KIND", "NAME"}, Asks: true, Doc: "whether there is a namespace (KIND ns) or a link (KIND link) of a name", Example: `exists("link", "h1:eth0")`, ask: askExists},
}

// in is the namespace that argument i names, or the current one.
func (q *asker) in(a *args, i int) nsexec.Ref {
	if i >= a.len() {
		return q.e.ns
	}
	name := a.str(i)
	if a.err == nil {
		if err := checkNamespaceName(name); err != nil {
			a.fail(i, err)
		}
	}
	return nsexec.Named(name)
}

// link is the link that argument i names.
func (q *asker) link(a *args, i int) builtins.LinkArg {
	text := a.str(i)
	if a.err != nil {
		return builtins.LinkArg{}
	}
	l, err := builtins.ParseLink(text)
	if err != nil {
		a.fail(i, err)
	}
	if !l.Elsewhere {
		l.NS = q.e.ns
	}
	return l
}

// asked asks a namespace something, and makes values of the answer. It does
// nothing if an argument was wrong.
func asked[T any](q *asker, a *args, ns nsexec.Ref, ask func(*nsexec.Conn) (T, error)) (value.Value, error) {
	if a.err != nil {
		return nil, nil
	}
	var answer T
	err := q.e.look(ns, func(c *nsexec.Conn) (err error) {
		answer, err = ask(c)
		return err
	})
	if err != nil {
		return nil, err
	}
	return fromGo(answer)
}

func askLinks(q *asker, a *args) (value.Value, error) {
	return asked(q, a, q.in(a, 0), nsexec.Links)
}

func askLink(q *asker, a *args) (value.Value, error) {
	l := q.link(a, 0)
	return asked(q, a, l.NS, func(c *nsexec.Conn) (nsexec.LinkRecord, error) { return nsexec.LinkInfo(c, l.Link) })
}

func askAddrs(q *asker, a *args) (value.Value, error) {
	l := q.link(a, 0)
	return asked(q, a, l.NS, func(c *nsexec.Conn) ([]nsexec.AddrRecord, error) { return nsexec.Addrs(c, l.Link) })
}

func askStats(q *asker, a *args) (value.Value, error) {
	l := q.link(a, 0)
	return asked(q, a, l.NS, func(c *nsexec.Conn) (nsexec.LinkStats, error) { return nsexec.Stats(c, l.Link) })
}

func askRoutes(q *asker, a *args) (value.Value, error) {
	return asked(q, a, q.in(a, 0), func(c *nsexec.Conn) ([]nsexec.RouteRecord, error) { return nsexec.Routes(c, 0, 0) })
}

func askRouteTo(q *asker, a *args) (value.Value, error) {
	to, ns := a.ip(0), q.in(a, 1)
	return asked(q, a, ns, func(c *nsexec.Conn) (nsexec.RouteRecord, error) { return nsexec.RouteTo(c, to.Addr) })
}

func askNeighs(q *asker, a *args) (value.Value, error) {
	return asked(q, a, q.in(a, 0), nsexec.Neighs)
}

func askNamespaces(q *asker, a *args) (value.Value, error) {
	if err := q.e.m.flush(q.e.ctx); err != nil {
		return nil, err
	}
	names, err := nsexec.Namespaces()
	if err != nil {
		return nil, err
	}
	return fromGo(names)
}

func askExists(q *asker, a *args) (value.Value, error) {
	switch kind := a.str(0); kind {
	case "ns":
		name := q.in(a, 1)
		return q.exists(a, name, func(*nsexec.Conn) error { return nil })
	case "link":
		l := q.link(a, 1)
		return q.exists(a, l.NS, func(c *nsexec.Conn) error {
			_, err := c.Index(l.Link)
			return err
		})
	default:
		a.fail(0, fmt.Errorf("exists: %q is neither ns nor link", kind))
	}
	return nil, nil
}
