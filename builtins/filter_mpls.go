//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of linux/tc_act/tc_mpls.h.
const (
	mplsParms = 2
	mplsProto = 4
	mplsLabel = 5
	mplsTC    = 6
	mplsTTL   = 7
	mplsBOS   = 8
)

// mplsFields are the parts of a label: their attributes, and the numbers that
// they may be.
var mplsFields = map[string]struct {
	attr        uint16
	least, most uint32
}{"label": {mplsLabel, 0, 1<<20 - 1}, "tc": {mplsTC, 0, 7}, "ttl": {mplsTTL, 1, 255}, "bos": {mplsBOS, 0, 1}}

// readMPLS reads what becomes of a label stack (parse_mpls of m_mpls.c).
func readMPLS(w *actionWords) (nsexec.TrafficAction, error) {
	what := []string{"pop", "push", "modify", "dec_ttl", "mac_push"} // TCA_MPLS_ACT_*, from 1 on
	do := w.oneOf(what...)
	name, given := what[do], map[string]bool{}
	var more []byte
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		word := w.rest[0]
		f, isField := mplsFields[word]
		if known = isField || word == "protocol"; !known {
			break
		}
		if w.next(); given[word] {
			return nsexec.TrafficAction{}, fmt.Errorf("%q stands twice", word)
		}
		given[word] = true
		switch {
		case name == "dec_ttl", isField && name == "pop", !isField && name == "modify":
			return nsexec.TrafficAction{}, fmt.Errorf("%s takes no %q", name, word)
		case !isField:
			proto := actionValue(w, parseEtherType)
			if name != "pop" && proto != unix.ETH_P_MPLS_UC && proto != unix.ETH_P_MPLS_MC && w.err == nil {
				return nsexec.TrafficAction{}, fmt.Errorf("protocol of %s is mpls_uc or mpls_mc", name)
			}
			more = append(more, tcAttr(mplsProto, be16of(proto))...)
		case word == "label":
			more = append(more, tcAttr(f.attr, nl.Uint32Attr(actionValue(w, upTo(f.most))))...)
		default:
			n := actionValue(w, upTo(f.most))
			if n < f.least && w.err == nil {
				return nsexec.TrafficAction{}, fmt.Errorf("%s is at least %d", word, f.least)
			}
			more = append(more, tcAttr(f.attr, []byte{byte(n)})...)
		}
	}
	switch {
	case w.err != nil:
	case name == "pop" && !given["protocol"]:
		return nsexec.TrafficAction{}, fmt.Errorf(`pop needs "protocol": that of what is within`)
	case (name == "push" || name == "mac_push") && !given["label"]:
		return nsexec.TrafficAction{}, fmt.Errorf(`%s needs "label"`, name)
	case name == "modify" && len(given) == 0:
		return nsexec.TrafficAction{}, fmt.Errorf("modify needs %s", sortedNames(mplsFields))
	}
	return nsexec.TrafficAction{Options: append(tcAttr(mplsParms, gen(w.control(actPipe), uint32(do+1))), more...)}, nil
}
