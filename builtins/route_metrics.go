//go:build linux

package builtins

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// routeMetric is an option that goes into RTA_METRICS, RTAX_* of
// linux/rtnetlink.h.
type routeMetric struct {
	name   string
	attr   uint16
	typ    Type
	encode func(any) ([]byte, error)
	locked bool // it is always locked
	doc    string
}

var anyNumber = number(0, 1<<32-1)

// routeMetrics are bounded where the kernel cuts larger ones without a word
// (ip_metrics_convert).
var routeMetrics = []routeMetric{
	{name: "mtu", attr: unix.RTAX_MTU, typ: number(0, 65520), encode: u32, doc: "the path's largest packet; locked, it is not asked whether less is needed"},
	{name: "advmss", attr: unix.RTAX_ADVMSS, typ: number(0, 65495), encode: u32, doc: "the segment size to tell TCP peers"},
	{name: "hoplimit", attr: unix.RTAX_HOPLIMIT, typ: number(0, 255), encode: u32, doc: "the hop limit of packets"},
	{name: "window", attr: unix.RTAX_WINDOW, typ: anyNumber, encode: u32, doc: "the largest TCP window"},
	{name: "rtt", attr: unix.RTAX_RTT, typ: roundTrip, encode: scaled(8), doc: "the round trip time to start with, or its eighths of a millisecond"},
	{name: "rttvar", attr: unix.RTAX_RTTVAR, typ: roundTrip, encode: scaled(4), doc: "how that varies to start with, or its quarters of a millisecond"},
	{name: "rto_min", attr: unix.RTAX_RTO_MIN, typ: roundTrip, encode: scaled(1), locked: true, doc: "how long TCP waits at least before it sends again, or its milliseconds"},
	{name: "ssthresh", attr: unix.RTAX_SSTHRESH, typ: anyNumber, encode: u32, doc: "TCP's slow start threshold to start with"},
	{name: "cwnd", attr: unix.RTAX_CWND, typ: anyNumber, encode: u32, doc: "the largest TCP congestion window; the kernel heeds it where it is locked"},
	{name: "initcwnd", attr: unix.RTAX_INITCWND, typ: anyNumber, encode: u32, doc: "TCP's congestion window to start with"},
	{name: "initrwnd", attr: unix.RTAX_INITRWND, typ: anyNumber, encode: u32, doc: "TCP's receive window to start with"},
	{name: "reordering", attr: unix.RTAX_REORDERING, typ: anyNumber, encode: u32, doc: "how much reordering TCP expects"},
	{name: "quickack", attr: unix.RTAX_QUICKACK, typ: number(0, 1), encode: u32, doc: "acknowledge at once"},
	{name: "fastopen_no_cookie", attr: unix.RTAX_FASTOPEN_NO_COOKIE, typ: number(0, 1), encode: u32, doc: "TCP Fast Open without a cookie"},
	{name: "congctl", attr: unix.RTAX_CC_ALGO, typ: congestionName, encode: zeroTerminated, doc: "TCP's congestion control"},
	{name: "features", attr: unix.RTAX_FEATURES, typ: oneOf(word{"ecn", 1}, word{"tcp_usec_ts", 1 << 4}), encode: u32, doc: "what TCP does: ecn, or timestamps in microseconds (Linux 6.7)"},
}

var (
	roundTrip      = ofText("N|TIME", parseRoundTrip)
	congestionName = ofText("NAME", func(s string) (string, error) {
		const most = 15 // TCP_CA_NAME_MAX without the end's NUL
		if s == "" || len(s) > most {
			return "", fmt.Errorf("%q is no congestion control: a name has 1 to %d bytes", s, most)
		}
		return s, nil
	})
	// realmType is FROM/TO, or TO.
	realmType = ofText("[FROM/]TO", parseRealms)
	// expiresType is in seconds.
	expiresType = ofText("SECONDS|TIME", func(s string) (int64, error) {
		const most = 1<<31 - 1
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			var d time.Duration
			if d, err = parseTime(s); err != nil {
				return 0, err
			}
			n = int64(d / time.Second)
		}
		if n < 1 || n > most {
			return 0, fmt.Errorf("%s is not in 1..%d seconds", s, most)
		}
		return n, nil
	})
)

// roundTripTime is a time in milliseconds, or a number of the kernel's own unit.
type roundTripTime struct {
	n   int64
	raw bool
}

func parseRoundTrip(s string) (roundTripTime, error) {
	const most = 1<<32 - 1
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		if n < 0 || n > most {
			return roundTripTime{}, fmt.Errorf("%d is not in 0..%d", n, most)
		}
		return roundTripTime{n, true}, nil
	}
	d, err := parseTime(s)
	if err == nil && (d < 0 || d/time.Millisecond > most/8) {
		err = fmt.Errorf("%s is not in 0..%ds", s, most/8/1000)
	}
	return roundTripTime{n: int64(d / time.Millisecond)}, err
}

// scaled encodes a roundTripTime, with so many of the kernel's units in a
// millisecond.
func scaled(perMillisecond int64) func(any) ([]byte, error) {
	return func(v any) ([]byte, error) {
		t := v.(roundTripTime)
		if !t.raw {
			t.n *= perMillisecond
		}
		return nl.Uint32Attr(uint32(t.n)), nil
	}
}

func routeMetricOptions() []Option {
	var out []Option
	for _, m := range routeMetrics {
		o := Option{Name: m.name, Leads: []string{"lock"}, Type: m.typ, Doc: m.doc}
		if m.name == "features" || m.name == "quickack" || m.name == "fastopen_no_cookie" {
			o.Leads = nil
		}
		out = append(out, o)
	}
	return out
}

var metricNames = func() map[string]bool {
	names := map[string]bool{}
	for _, m := range routeMetrics {
		names[m.name] = true
	}
	return names
}()

// metricsOf are the attributes within RTA_METRICS.
func metricsOf(c *Call) ([]nsexec.Attr, error) {
	isMetric := func(g Given) bool { return metricNames[g.Option.Name] }
	if !slices.ContainsFunc(c.given, isMetric) { // as of most routes
		return nil, nil
	}
	var out []nsexec.Attr
	locks := uint32(0)
	for _, m := range routeMetrics {
		g, ok := c.Option(m.name)
		if !ok {
			continue
		}
		data, err := m.encode(g.Value())
		if err != nil {
			return nil, fmt.Errorf("%q: %w", m.name, err)
		}
		if m.locked || g.Lead == "lock" {
			locks |= 1 << m.attr
		}
		out = append(out, nsexec.Attr{Type: m.attr, Data: data})
	}
	if locks != 0 {
		out = append(out, nsexec.Attr{Type: unix.RTAX_LOCK, Data: nl.Uint32Attr(locks)})
	}
	return out, nil
}

// parseRealms reads realms, by number or by a name of iproute2's.
func parseRealms(s string) (int64, error) {
	from, to, both := strings.Cut(s, "/")
	if !both {
		from, to = "0", s
	}
	realm := func(s string) (int64, error) {
		return named(s, map[string]int64{"0": 0, "unknown": 0}, "/etc/iproute2/rt_realms", 1<<16-1)
	}
	n, err := realm(to)
	if err != nil {
		return 0, err
	}
	f, err := realm(from)
	return f<<16 | n, err
}
