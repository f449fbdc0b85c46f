//go:build linux

package nsexec

import (
	"context"
	"errors"
	"net/netip"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

var tcpMetricsFamily = &genlFamily{name: "tcp_metrics", lacks: NoKindError{Kind: "tcp_metrics", Of: "caches", Config: "CONFIG_INET"}, root: true}

// FlushTCPMetrics has TCP forget what it has learnt of the hosts of a network that it
// was connected to, or of all where that is the zero one: what `ip tcp_metrics flush`
// does. There is nothing to undo: nobody but TCP itself can tell the kernel such
// things, and it learns them anew with the next connection. It needs CAP_NET_ADMIN in
// the machine's first user namespace.
func FlushTCPMetrics(of netip.Prefix, text string) NsAction {
	return nsAction("flush tcp_metrics", flushTCPMetricsOp{of.Masked(), text})
}

// TCPMetricsNeeds is the kind that a kernel must have for it.
func TCPMetricsNeeds() Kind { return Kind{Of: genlKindOf, Name: tcpMetricsFamily.name} }

type flushTCPMetricsOp struct {
	of   netip.Prefix
	text string
}

func (o flushTCPMetricsOp) String() string { return o.text }

// Of linux/tcp_metrics.h.
const (
	tcpMetricsGet = 1 // TCP_METRICS_CMD_GET
	tcpMetricsDel = 2 // TCP_METRICS_CMD_DEL

	tcpMetricsAddr4   = 1  // TCP_METRICS_ATTR_ADDR_IPV4
	tcpMetricsAddr6   = 2  // …ADDR_IPV6
	tcpMetricsSource4 = 11 // …SADDR_IPV4
	tcpMetricsSource6 = 12 // …SADDR_IPV6
)

func (o flushTCPMetricsOp) act(_ context.Context, c *Conn) error {
	if err := c.fault("request genl"); err != nil {
		return err
	}
	return c.genl(tcpMetricsFamily, func(ask genlAsk) error {
		if !o.of.IsValid() {
			_, err := ask(tcpMetricsDel, 0, nil) // all
			return err
		}
		entries, err := ask(tcpMetricsGet, unix.NLM_F_DUMP, nil)
		if err != nil {
			return err
		}
		for _, body := range entries {
			key, err := o.keyOf(body)
			if err == nil && key != nil {
				_, err = ask(tcpMetricsDel, 0, key)
			}
			if err != nil && !errors.Is(err, unix.ESRCH) { // gone by itself
				return err
			}
		}
		return nil
	})
}

// keyOf is what tells an entry from others, or nothing where its host is of no
// concern.
func (o flushTCPMetricsOp) keyOf(body []byte) (key []Attr, err error) {
	a, err := parseAttrs(body, nl.SizeofGenlmsg)
	if err != nil {
		return nil, err
	}
	host := a.addr(tcpMetricsAddr4)
	if !host.IsValid() {
		host = a.addr(tcpMetricsAddr6)
	}
	if !o.of.Contains(host) {
		return nil, nil
	}
	for _, t := range []uint16{tcpMetricsAddr4, tcpMetricsAddr6, tcpMetricsSource4, tcpMetricsSource6} {
		if data, ok := a.find(t); ok {
			key = append(key, Attr{Type: t, Data: data})
		}
	}
	return key, nil
}
