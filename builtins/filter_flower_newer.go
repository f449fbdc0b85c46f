//go:build linux

package builtins

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of linux/pkt_cls.h that Linux 6.5 brought. An older flower passes
// over them.
const (
	flowerL2Miss = 106
	flowerCFM    = 107
)

// flowerNewer are those, with the words of tc-flower(8).
var flowerNewer = []tcOption{
	{name: "cfm", typ: textType, many: true, doc: "what CFM says: mdl 0..7, its level, and op 0..255, its operation (Linux 6.5)"},
	{name: "l2_miss", typ: number(0, 1), doc: "whether a bridge did not know their MAC address (Linux 6.5)"},
}

// cfmFields are TCA_FLOWER_KEY_CFM_* and the most that each may be.
var cfmFields = map[string]struct {
	attr uint16
	most uint64
}{"mdl": {1, 7}, "op": {2, 255}}

// cfmKey is what is matched of CFM.
func cfmKey(words []string) ([]byte, error) {
	var out []byte
	given := map[string]bool{}
	for ; len(words) > 0; words = words[2:] {
		f, ok := cfmFields[words[0]]
		if !ok || len(words) < 2 {
			return nil, fmt.Errorf("cfm: %q is none of %s with a number", words[0], sortedNames(cfmFields))
		}
		n, err := strconv.ParseUint(words[1], 0, 32)
		if err != nil || n > f.most {
			return nil, fmt.Errorf("cfm %s: %q is no number up to %d", words[0], words[1], f.most)
		}
		if given[words[0]] {
			return nil, fmt.Errorf("cfm: %q stands twice", words[0])
		}
		given[words[0]] = true
		out = append(out, tcAttr(f.attr, []byte{byte(n)})...)
	}
	return out, nil
}

// newerKeys are the attributes of flowerNewer.
func newerKeys(v tcValues) []byte {
	var out []byte
	if cfm, _ := cfmKey(texts(v["cfm"])); len(cfm) > 0 { // verifyFlower has seen errors
		out = tcAttr(flowerCFM|unix.NLA_F_NESTED, cfm)
	}
	if v.has("l2_miss") {
		out = append(out, tcAttr(flowerL2Miss, []byte{byte(v.int("l2_miss", 0))})...)
	}
	return out
}

// newerOf are the newer attributes that are given, with values that a kernel
// refuses if it knows them.
func newerOf(v tcValues) []nsexec.NewerAttr {
	var out []nsexec.NewerAttr
	if v.has("cfm") {
		level := tcAttr(cfmFields["mdl"].attr, []byte{byte(cfmFields["mdl"].most + 1)})
		of := tcAttr(nl.TCA_FLOWER_KEY_ETH_TYPE, be16of(unix.ETH_P_CFM)) // the kernel looks at it there alone
		out = append(out, nsexec.NewerAttr{Name: "cfm", Since: "6.5", Wrong: append(of, tcAttr(flowerCFM|unix.NLA_F_NESTED, level)...)})
	}
	if v.has("l2_miss") {
		out = append(out, nsexec.NewerAttr{Name: "l2_miss", Since: "6.5", Wrong: tcAttr(flowerL2Miss, []byte{2})})
	}
	for _, a := range []struct {
		name, since string
		attr        uint16
	}{{"pppoe_sid", "6.0", flowerPPPoESID}, {"ppp_proto", "6.0", flowerPPPProto}, {"l2tpv3_sid", "6.1", flowerL2TPv3SID}} {
		if v.has(a.name) {
			out = append(out, nsexec.NewerAttr{Name: a.name, Since: a.since, Wrong: tcAttr(a.attr, []byte{0})}) // too short
		}
	}
	return out
}

// portSpan are ports from one to another.
type portSpan struct{ first, last uint16 }

// portsType is a masked number or a portSpan.
var portsType = ofText("N[/MASK]|N-N", func(s string) (any, error) {
	if !strings.Contains(s, "-") {
		return parseMasked(s, 16)
	}
	ends, err := parseRange(s, upTo(1<<16-1))
	if err == nil && ends[0] >= ends[1] {
		err = fmt.Errorf("%q: the last port must be more than the first", s)
	}
	return portSpan{uint16(ends[0]), uint16(ends[1])}, err
})

// portSpans are the attributes of ports that are given from one to another.
func portSpans(v tcValues) []byte {
	var out []byte
	for _, o := range []struct {
		name     string
		min, max uint16
	}{
		{"src_port", nl.TCA_FLOWER_KEY_PORT_SRC_MIN, nl.TCA_FLOWER_KEY_PORT_SRC_MAX},
		{"dst_port", nl.TCA_FLOWER_KEY_PORT_DST_MIN, nl.TCA_FLOWER_KEY_PORT_DST_MAX},
	} {
		if r, ok := tcGet(v, o.name, 0, any(nil)).(portSpan); ok {
			out = append(append(out, tcAttr(o.min, be16of(r.first))...), tcAttr(o.max, be16of(r.last))...)
		}
	}
	return out
}
