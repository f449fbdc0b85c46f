//go:build linux

package builtins

import (
	"fmt"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

// readTunnelKey reads by which tunnel packets are to go, as links that collect
// metadata take them: attributes of linux/tc_act/tc_tunnel_key.h.
func readTunnelKey(w *actionWords) (nsexec.TrafficAction, error) {
	do := uint32(1 + w.oneOf("set", "unset"))
	var more []byte
	add := func(attr uint16, data []byte) { more = append(more, tcAttr(attr, data)...) }
	address := func(v4 uint16) { // and the one for IPv6 two further
		ip := actionValue(w, value.ParseIP)
		if ip.Is6() {
			v4 += 2
		}
		add(v4, ip.AsSlice())
	}
	options := false
	for known := true; known && do == 1 && len(w.rest) > 0 && w.err == nil; {
		switch w.rest[0] {
		case "id":
			w.next()
			add(nl.TCA_TUNNEL_KEY_ENC_KEY_ID, be32of(actionValue(w, parseU32)))
		case "src_ip":
			w.next()
			address(nl.TCA_TUNNEL_KEY_ENC_IPV4_SRC)
		case "dst_ip":
			w.next()
			address(nl.TCA_TUNNEL_KEY_ENC_IPV4_DST)
		case "dst_port":
			w.next()
			add(nl.TCA_TUNNEL_KEY_ENC_DST_PORT, be16of(uint16(actionValue(w, upTo(65535)))))
		case "tos", "ttl":
			attr := map[string]uint16{"tos": nl.TCA_TUNNEL_KEY_ENC_TOS, "ttl": nl.TCA_TUNNEL_KEY_ENC_TTL}[w.next()]
			add(attr, []byte{byte(actionValue(w, upTo(255)))})
		case "csum", "nocsum":
			add(nl.TCA_TUNNEL_KEY_NO_CSUM, []byte{map[string]byte{"nocsum": 1}[w.next()]})
		case "geneve_opts", "vxlan_opts", "erspan_opts":
			k := tunnelKindOf(w.next())
			if options {
				return nsexec.TrafficAction{}, fmt.Errorf("it takes options of one kind of tunnel, once: geneve_opts, vxlan_opts or erspan_opts")
			}
			options = true
			opts := actionValue(w, func(s string) (tunnelOpts, error) { return k.parse(s, false) })
			add(nl.TCA_TUNNEL_KEY_ENC_OPTS|k.nested, opts.key)
		default:
			known = false
		}
	}
	return nsexec.TrafficAction{Options: append(tcAttr(nl.TCA_TUNNEL_KEY_PARMS, gen(w.control(actPipe), do)), more...)}, nil
}
