//go:build linux

package nsexec

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// XfrmConfig is a state or a policy of IPsec, as linux/xfrm.h has them.
type XfrmConfig struct {
	Policy       bool    // a policy rather than a state
	Info         []byte  // struct xfrm_userpolicy_info, or struct xfrm_usersa_info
	Attrs        []Attr  // XFRMA_*
	SelDev       LinkRef // the link of the selector; none for any
	OffloadDev   LinkRef // the link that does the work; none for no link
	OffloadFlags byte    // XFRM_OFFLOAD_*
	Text         string  // the statement
}

// Xfrm adds, replaces or deletes a state or a policy. To replace a state is to
// change what is there; a policy is added where there is none. It needs
// CAP_NET_ADMIN.
func Xfrm(mode Mode, cfg XfrmConfig) NsAction {
	name := map[Mode]string{ModeAdd: "xfrm", ModeReplace: "replace-xfrm", ModeDel: "del-xfrm"}[mode]
	return nsAction(name, xfrmOp{mode, cfg})
}

// FlushXfrm deletes all states of a protocol, or all where that is 0, or all
// policies of a type (XFRM_POLICY_TYPE_*).
func FlushXfrm(policy bool, of int, text string) NsAction {
	return nsAction("flush-xfrm", flushXfrmOp{policy, byte(of), text})
}

// The kinds that states and policies have in a [Record]: the kernel's, which are
// the same numbers as other kinds of rtnetlink's, with a bit set.
const (
	xfrmKind   = 0x4000
	xfrmState  = xfrmKind | nl.XFRM_MSG_NEWSA
	xfrmPolicy = xfrmKind | nl.XFRM_MSG_NEWPOLICY
)

// Where things are in struct xfrm_usersa_info and struct xfrm_userpolicy_info,
// which both start with a selector.
const (
	xfrmSelIfindex    = 48
	xfrmStateDst      = 56
	xfrmStateSPI      = 72
	xfrmStateProto    = 76
	xfrmStateSrc      = 80
	xfrmStateCounts   = 160 // the current lifetime and the statistics, up to
	xfrmStateReqid    = 208 // there, with a sequence number before it
	xfrmStateFamily   = 212
	xfrmPolicyCounts  = 120 // the current lifetime, up to
	xfrmPolicyPrio    = 152 // there
	xfrmPolicyIndex   = 156
	xfrmPolicyDir     = 160
	xfrmMostDirection = 2 // those above are of sockets
)

type xfrmOp struct {
	mode Mode
	cfg  XfrmConfig
}

func (o xfrmOp) String() string { return o.cfg.Text }

// message is the state or the policy, its links found.
func (o xfrmOp) message(c *Conn) (message, error) {
	cfg := o.cfg
	m := message{xfrmState, append([]byte(nil), cfg.Info...)}
	if cfg.Policy {
		m.kind = xfrmPolicy
	}
	if cfg.SelDev != (LinkRef{}) {
		index, err := c.Index(cfg.SelDev)
		if err != nil {
			return m, err
		}
		binary.NativeEndian.PutUint32(m.body[xfrmSelIfindex:], uint32(index))
	}
	attrs := cfg.Attrs
	if cfg.OffloadDev != (LinkRef{}) {
		index, err := c.Index(cfg.OffloadDev)
		if err != nil {
			return m, err
		}
		data := append(nl.Uint32Attr(uint32(index)), cfg.OffloadFlags, 0, 0, 0)
		attrs = append(attrs[:len(attrs):len(attrs)], Attr{Type: nl.XFRMA_OFFLOAD_DEV, Data: data})
	}
	for _, a := range attrs {
		m.body = appendAttr(m.body, a)
	}
	return m, nil
}

// prepare notes what is there, or that nothing is.
func (o xfrmOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	m, err := o.message(c)
	if err != nil || u.owns(c.id) {
		return o, err
	}
	had, err := c.findXfrm(m)
	switch {
	case err != nil:
		return nil, err
	case had == nil && o.mode == ModeDel, had != nil && o.mode == ModeAdd, had == nil && o.mode == ModeReplace && m.kind == xfrmState:
		return o, nil // the kernel will refuse it
	case had == nil:
		return o, u.note(ctx, c.cookieRef(), unmakeOp{o.title(), &Record{msgs: []message{m}}})
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: o.title(), Record: &Record{msgs: []message{*had}}}})
}

func (o xfrmOp) title() string {
	if o.cfg.Policy {
		return "policy"
	}
	return "state"
}

func (o xfrmOp) act(_ context.Context, c *Conn) error {
	m, err := o.message(c)
	if err != nil {
		return err
	}
	if err := c.fault("request xfrm"); err != nil {
		return err
	}
	if o.mode == ModeDel {
		return c.removeXfrm(m)
	}
	proto := int(m.kind &^ xfrmKind)
	switch {
	case o.mode == ModeReplace && m.kind == xfrmState:
		proto = nl.XFRM_MSG_UPDSA
	case o.mode == ModeReplace:
		proto = nl.XFRM_MSG_UPDPOLICY
	}
	_, err = c.xfrm(proto, 0, m.body)
	return m.lackedBy(err)
}

// lackedBy makes a NoKindError of the error for a protocol that the kernel lacks.
func (m message) lackedBy(err error) error {
	if m.kind != xfrmState {
		return err
	}
	six := binary.NativeEndian.Uint16(m.body[xfrmStateFamily:]) == unix.AF_INET6
	of := xfrmModules[m.body[xfrmStateProto]]
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT) && of[0] != "":
		version, config := "4", "CONFIG_INET_"
		if six {
			version, config = "6", "CONFIG_INET6_"
		}
		if of[0] == "ipcomp" && !six {
			version = ""
		}
		return &NoKindError{Kind: of[1], Of: "xfrm states", Module: of[0] + version, Config: config + of[2]}
	case errors.Is(err, unix.ENOSYS):
		return fmt.Errorf("this kernel has not all of the algorithms, or not the mode (CONFIG_CRYPTO_…, CONFIG_INET_XFRM_…): %w", err)
	}
	return err
}

// xfrmModules are the module, the name and the option of a protocol.
var xfrmModules = map[byte][3]string{
	unix.IPPROTO_ESP:  {"esp", "esp", "ESP"},
	unix.IPPROTO_AH:   {"ah", "ah", "AH"},
	unix.IPPROTO_COMP: {"ipcomp", "comp", "IPCOMP"},
}

// xfrm does a request through a socket of the namespace's.
func (c *Conn) xfrm(proto, flags int, body []byte) (msgs [][]byte, err error) {
	err = inNamespace(c.nsfd, func(*thread) error {
		socket, err := nl.GetNetlinkSocketAt(-1, -1, unix.NETLINK_XFRM)
		if errors.Is(err, unix.EPROTONOSUPPORT) {
			return &NoKindError{Kind: "xfrm", Of: "states and policies", Module: "xfrm_user", Config: "CONFIG_XFRM_USER"}
		}
		if err != nil {
			return err
		}
		defer socket.Close()
		_ = socket.SetExtAck(true) // a kernel without them gives plain errnos
		if flags&unix.NLM_F_DUMP == 0 {
			flags |= unix.NLM_F_ACK
		}
		req := nl.NewNetlinkRequest(proto, flags)
		req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_XFRM: {Socket: socket}}
		req.RetryInterrupted = true
		req.AddRawData(body)
		msgs, err = req.Execute(unix.NETLINK_XFRM, 0)
		return err
	})
	return msgs, err
}

type flushXfrmOp struct {
	policy bool
	of     byte
	text   string
}

func (o flushXfrmOp) String() string { return o.text }

func (o flushXfrmOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	all, err := c.listXfrm(o.policy)
	if err != nil {
		return nil, err
	}
	var had []message
	for _, m := range all {
		if o.policy && m.xfrmType() == o.of || !o.policy && (o.of == 0 || m.body[xfrmStateProto] == o.of) {
			had = append(had, m)
		}
	}
	if len(had) == 0 {
		return o, nil
	}
	return o, u.note(ctx, c.cookieRef(), restoreOp{RestoreConfig{Text: "all", Record: &Record{msgs: had}}})
}

func (o flushXfrmOp) act(_ context.Context, c *Conn) error {
	if err := c.fault("request xfrm"); err != nil {
		return err
	}
	proto, body := nl.XFRM_MSG_FLUSHSA, []byte{o.of, 0, 0, 0}
	if o.policy {
		proto, body = nl.XFRM_MSG_FLUSHPOLICY, nl.NewRtAttr(nl.XFRMA_POLICY_TYPE, XfrmPolicyType(o.of)).Serialize()
	}
	_, err := c.xfrm(proto, 0, body)
	if errors.Is(err, unix.ESRCH) {
		return nil // there was none
	}
	return err
}

// XfrmPolicyType is struct xfrm_userpolicy_type.
func XfrmPolicyType(of byte) []byte { return []byte{of, 0, 0, 0, 0, 0} }
