//go:build linux

package nsexec

import (
	"bytes"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// Attributes of filters that hold TCA_CLS_FLAGS_* of linux/pkt_cls.h.
var filterFlags = map[string]uint16{"u32": 11, "flower": 22, "matchall": nl.TCA_MATCHALL_FLAGS, "bpf": nl.TCA_BPF_FLAGS_GEN}

// rewritten has the options as the kernel takes them, where that is not how it
// tells them.
func (m message) rewritten() message {
	head := headers[m.kind]
	kind := m.attrs().text(nl.TCA_KIND)
	var rewrite func(string, uint16, []byte) []byte
	switch {
	case m.kind == unix.RTM_NEWQDISC && kind == "htb":
		rewrite = htbOption
	case m.kind == unix.RTM_NEWQDISC && kind == "mqprio":
		return m.saidMqprio()
	case m.kind == unix.RTM_NEWQDISC && kind == "ets":
		rewrite = func(_ string, _ uint16, value []byte) []byte { return value }
	case (m.kind == unix.RTM_NEWTFILTER || m.kind == unix.RTM_NEWCHAIN) && filterActs[kind] != 0:
		rewrite = filterOption
	default:
		return m // of many kinds the options are no attributes, but a struct
	}
	body := rewriteAttrs(m.body[head:], func(attr uint16, value []byte) (uint16, []byte) {
		if attr == nl.TCA_OPTIONS {
			value = rewriteAttrs(value, func(option uint16, v []byte) (uint16, []byte) { return option, rewrite(kind, option, v) })
			if kind == "flower" {
				value = saidFlower(value, filterProtocol(m.body))
			}
			attr = optionsAttr(kind)
		}
		return attr, value
	})
	return message{m.kind, append(bytes.Clone(m.body[:head]), body...)}
}

// htbOption is an option of an htb as the kernel takes it.
func htbOption(_ string, option uint16, value []byte) []byte {
	if option == nl.TCA_HTB_INIT && len(value) >= 4 {
		value = bytes.Clone(value)
		byteOrder.PutUint32(value, htbVersion)
	}
	return value
}

const htbVersion = 3 // of struct tc_htb_glob; the kernel tells it with more digits

// saidMqprio is an mqprio without what the kernel tells of each of its classes,
// but takes only where hardware does it.
func (m message) saidMqprio() message {
	const size, hwAt = 84, 17 // of struct tc_mqprio_qopt, as attributes are aligned behind it
	head := headers[m.kind]
	body := rewriteAttrs(m.body[head:], func(attr uint16, value []byte) (uint16, []byte) {
		if attr == nl.TCA_OPTIONS && len(value) > size && value[hwAt] == 0 {
			value = value[:size]
		}
		return attr, value
	})
	return message{m.kind, append(bytes.Clone(m.body[:head]), body...)}
}
