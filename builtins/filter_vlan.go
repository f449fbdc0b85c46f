//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// readVlan reads what becomes of a VLAN's tag, or of the Ethernet header.
func readVlan(w *actionWords) (nsexec.TrafficAction, error) {
	what := []string{"pop", "push", "modify", "pop_eth", "push_eth"} // TCA_VLAN_ACT_*, from 1 on
	do := w.oneOf(what...)
	takes := map[string]string{"push": "id", "modify": "id", "push_eth": "dst_mac"}
	var more []byte
	given := map[string]bool{}
	add := func(attr uint16, data []byte) { more = append(more, tcAttr(attr, data)...) }
	mac := func(attr uint16) {
		m := actionValue(w, value.ParseMAC)
		add(attr, m[:])
	}
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		word := w.rest[0]
		switch takes[what[do]] + " " + word {
		case "id id":
			w.next()
			add(nl.TCA_VLAN_PUSH_VLAN_ID, nl.Uint16Attr(uint16(actionValue(w, upTo(4095)))))
		case "id protocol":
			w.next()
			add(nl.TCA_VLAN_PUSH_VLAN_PROTOCOL, be16of(actionValue(w, parseEtherType)))
		case "id priority":
			w.next()
			add(nl.TCA_VLAN_PUSH_VLAN_PRIORITY, []byte{byte(actionValue(w, upTo(7)))})
		case "dst_mac dst_mac":
			w.next()
			mac(nl.TCA_VLAN_PUSH_ETH_DST)
		case "dst_mac src_mac":
			w.next()
			mac(nl.TCA_VLAN_PUSH_ETH_SRC)
		default:
			known = false
			continue
		}
		given[word] = true
	}
	switch {
	case w.err != nil:
	case takes[what[do]] == "id" && !given["id"]:
		return nsexec.TrafficAction{}, fmt.Errorf(`it needs "id"`)
	case takes[what[do]] == "dst_mac" && len(given) != 2:
		return nsexec.TrafficAction{}, fmt.Errorf(`push_eth needs "dst_mac" and "src_mac"`)
	}
	return nsexec.TrafficAction{Options: append(tcAttr(nl.TCA_VLAN_PARMS, gen(w.control(actPipe), uint32(do+1))), more...)}, nil
}
