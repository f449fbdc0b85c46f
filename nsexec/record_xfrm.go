//go:build linux

package nsexec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// States and policies of IPsec in records. What the kernel says of one is the
// message that makes it again, up to its counters and sequence numbers.

// isXfrm reports whether a message is of a state or a policy.
func (m message) isXfrm() bool { return m.kind&xfrmKind != 0 }

// listXfrm are all states, or all policies but those of sockets.
func (c *Conn) listXfrm(policy bool) ([]message, error) {
	proto, kind := nl.XFRM_MSG_GETSA, uint16(xfrmState)
	if policy {
		proto, kind = nl.XFRM_MSG_GETPOLICY, xfrmPolicy
	}
	msgs, err := c.xfrm(proto, unix.NLM_F_DUMP, nil)
	var out []message
	for _, body := range msgs {
		if m := (message{kind, body}); len(body) >= headers[kind] && (!policy || body[xfrmPolicyDir] <= xfrmMostDirection) {
			out = append(out, m)
		}
	}
	return out, err
}

// findXfrm is what a message is about as it is now, or nil.
func (c *Conn) findXfrm(m message) (*message, error) {
	all, err := c.listXfrm(m.kind == xfrmPolicy)
	i := slices.IndexFunc(all, func(other message) bool { return bytes.Equal(m.xfrmKey(), other.xfrmKey()) })
	if err != nil || i < 0 {
		return nil, err
	}
	return &all[i], nil
}

// xfrmKey is what tells a state or a policy from others.
func (m message) xfrmKey() []byte {
	var key []byte
	mark := m.xfrmMark()
	if m.kind == xfrmPolicy {
		key = append(key, m.body[:nl.SizeofXfrmSelector]...)
		key = append(key, m.body[xfrmPolicyDir], m.xfrmType())
		key = append(key, mark...)
		return binary.NativeEndian.AppendUint32(key, uint32(m.attrs().int(nl.XFRMA_IF_ID)))
	}
	key = append(key, m.body[xfrmStateDst:xfrmStateDst+nl.SizeofXfrmId-3]...) // without padding
	key = append(key, m.body[xfrmStateFamily:xfrmStateFamily+2]...)
	if xfrmModules[m.body[xfrmStateProto]][0] == "" { // of a protocol without numbers of its own
		key = append(key, m.body[xfrmStateSrc:xfrmStateSrc+nl.SizeofXfrmAddress]...)
	}
	return append(key, mark...)
}

// xfrmType is a policy's type, main or sub.
func (m message) xfrmType() byte {
	if t := m.attrs().get(nl.XFRMA_POLICY_TYPE); len(t) > 0 {
		return t[0]
	}
	return 0
}

// xfrmMark is the mark with its mask, as far as the mask has it.
func (m message) xfrmMark() []byte {
	mark := append([]byte(nil), m.attrs().get(nl.XFRMA_MARK)...)
	if len(mark) != nl.SizeofXfrmMark {
		return make([]byte, nl.SizeofXfrmMark)
	}
	for i := range 4 {
		mark[i] &= mark[4+i]
	}
	return mark
}

// removeXfrm deletes what a message describes.
func (c *Conn) removeXfrm(m message) error {
	attrs := m.attrs()
	add := func(body []byte, kinds ...uint16) []byte {
		for _, kind := range kinds {
			if data := attrs.get(kind); data != nil {
				body = appendAttr(body, Attr{Type: kind, Data: data})
			}
		}
		return body
	}
	if m.kind == xfrmPolicy {
		body := append([]byte(nil), m.body[:nl.SizeofXfrmSelector]...)
		body = append(body, 0, 0, 0, 0, m.body[xfrmPolicyDir], 0, 0, 0) // no index: it may be another's
		_, err := c.xfrm(nl.XFRM_MSG_DELPOLICY, 0, add(body, nl.XFRMA_POLICY_TYPE, nl.XFRMA_MARK, nl.XFRMA_IF_ID, nl.XFRMA_SEC_CTX))
		return err
	}
	body := append([]byte(nil), m.body[xfrmStateDst:xfrmStateProto]...)
	body = append(body, m.body[xfrmStateFamily], m.body[xfrmStateFamily+1], m.body[xfrmStateProto], 0)
	body = appendAttr(body, Attr{Type: nl.XFRMA_SRCADDR, Data: m.body[xfrmStateSrc : xfrmStateSrc+nl.SizeofXfrmAddress]})
	_, err := c.xfrm(nl.XFRM_MSG_DELSA, 0, add(body, nl.XFRMA_MARK))
	return err
}

// restoreXfrm makes states and policies what they were. One that differs is made
// again: to update a state changes little of it.
func (c *Conn) restoreXfrm(msgs []message) error {
	var errs []error
	for _, m := range msgs {
		if m.kind == xfrmThreshold {
			_, err := c.xfrm(nl.XFRM_MSG_NEWSPDINFO, 0, m.body)
			errs = append(errs, err)
			continue
		}
		now, err := c.findXfrm(m)
		if err == nil && now != nil {
			if bytes.Equal(m.withoutXfrmCounts().body, now.withoutXfrmCounts().body) {
				continue
			}
			err = c.removeXfrm(*now)
		}
		if err == nil {
			_, err = c.xfrm(int(m.kind&^xfrmKind), 0, m.body)
		}
		if !errors.Is(err, unix.ESRCH) { // gone meanwhile
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// withoutXfrmCounts is a message without what packets change of it.
func (m message) withoutXfrmCounts() message {
	m = m.without(func(kind uint16) bool {
		return slices.Contains([]uint16{nl.XFRMA_LASTUSED, nl.XFRMA_REPLAY_VAL, nl.XFRMA_REPLAY_ESN_VAL, nl.XFRMA_LTIME_VAL}, kind)
	})
	if m.kind == xfrmPolicy {
		clear(m.body[xfrmPolicyCounts:xfrmPolicyPrio])
	} else {
		clear(m.body[xfrmStateCounts:xfrmStateReqid])
	}
	return m
}
