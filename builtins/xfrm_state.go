//go:build linux

package builtins

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

var xfrmStateSpec = &Spec{
	Name: "xfrm state", Group: Layer3,
	Doc:       "add a state of IPsec: how packets between two addresses are protected",
	Example:   "xfrm state src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x100 mode tunnel reqid 1 aead 'rfc4106(gcm(aes))' 0x000102030405060708090a0b0c0d0e0f10111213 128",
	Modifiers: Del | Replace | Flush,
	ModParams: map[Modifiers][]Param{Flush: {}},
	Options:   xfrmStateOptions(),
	Verify:    compiles,
	Compile:   compileXfrmState,
}

// algorithm is an option that names one: its attribute, and how many values it
// takes.
type algorithm struct {
	name   string
	attr   uint16
	values int
	doc    string
}

var xfrmAlgorithms = []algorithm{
	{"enc", nl.XFRMA_ALG_CRYPT, 2, "the cipher, as cbc(aes), and its key"},
	{"auth", nl.XFRMA_ALG_AUTH, 2, "the authentication, as hmac(sha256), and its key"},
	{"auth-trunc", nl.XFRMA_ALG_AUTH_TRUNC, 3, "the same, and how many bits of it are sent"},
	{"aead", nl.XFRMA_ALG_AEAD, 3, "the cipher that authenticates, its key and how many bits of the tag are sent"},
	{"comp", nl.XFRMA_ALG_COMP, 1, "the compression, as deflate"},
}

var stateFlags = oneOf(word{"noecn", 1}, word{"decap-dscp", 2}, word{"nopmtudisc", 4}, word{"wildrecv", 8}, word{"icmp", 16}, word{"af-unspec", 32}, word{"align4", 64}, word{"esn", 128})

func xfrmStateOptions() []Option {
	out := append([]Option(nil), xfrmID...)
	for _, a := range xfrmAlgorithms {
		out = append(out, Option{Name: a.name, Type: textType, Many: true, Least: a.values, Doc: a.doc})
	}
	return append(out,
		Option{Name: "replay-window", Type: numberWord(4096), Doc: "how far behind packets may come"},
		Option{Name: "replay-seq", Type: word32, Doc: "the last number that came in"},
		Option{Name: "replay-oseq", Type: word32, Doc: "the last number that went out"},
		Option{Name: "replay-seq-hi", Type: word32, Doc: "of flag esn: the upper half of replay-seq"},
		Option{Name: "replay-oseq-hi", Type: word32, Doc: "of flag esn: the upper half of replay-oseq"},
		Option{Name: "seq", Type: word32, Doc: "the number of the request that it answers"},
		Option{Name: "flag", Type: stateFlags, Many: true, Doc: "how it treats packets"},
		Option{Name: "extra-flag", Type: oneOf(word{"dont-encap-dscp", 1}, word{"oseq-may-wrap", 2}), Many: true, Doc: "the same"},
		Option{Name: "sel", Options: selectorOptions, Doc: "the packets that it is for"},
		Option{Name: "limit", Repeat: true, Options: xfrmLimits, Doc: "when it ends"},
		Option{Name: "mark", Type: markType, Doc: "the mark of its packets, which tells it from others"},
		Option{Name: "if_id", Type: word32, Doc: "the number of the xfrm link that it belongs to"},
		Option{Name: "output-mark", Type: markType, Doc: "the mark that its packets get"},
		Option{Name: "tfcpad", Type: word32, Doc: "the size that packets are padded to"},
		Option{Name: "encap", Type: textType, Many: true, Least: 4, Doc: "espinudp, espinudp-nonike or espintcp, the ports and the original address: how it goes through NAT"},
		Option{Name: "coa", Type: ipType, Doc: "the care-of address, of route2 and hao"},
		Option{Name: "offload", Options: offloadDevOptions, Doc: "have a link do it"},
		Option{Name: "dir", Type: oneOf(word{"in", 1}, word{"out", 2}), Doc: "of what comes in or of what goes out (Linux 6.10)"},
	)
}

func compileXfrmState(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		return flushXfrm(c, false, "proto")
	}
	info, err := xfrmStateInfo(c)
	if err != nil {
		return nil, err
	}
	cfg := nsexec.XfrmConfig{}
	if g, ok := c.Option("sel"); ok {
		if info.Sel, cfg.SelDev, err = selector(g.Given); err != nil {
			return nil, err
		}
	}
	if cfg.Attrs, err = xfrmStateAttrs(c, &info); err != nil {
		return nil, err
	}
	if err := offloadOf(c, &cfg); err != nil {
		return nil, err
	}
	cfg.Info = info.Serialize()
	return xfrmSteps(c, cfg), nil
}

// flushXfrm is the flushing of states or policies, of one protocol or type alone.
func flushXfrm(c *Call, policy bool, by string) ([]nsexec.Step, error) {
	for _, g := range c.Options() {
		if g.Option.Name != by {
			return nil, fmt.Errorf(`"flush %s" takes no %q, only %q`, c.Spec.Name, g.Option.Name, by)
		}
	}
	return []nsexec.Step{{NS: c.Env.NS, Action: nsexec.FlushXfrm(policy, optInt(c, by), c.String())}}, nil
}

func xfrmStateInfo(c *Call) (info nl.XfrmUsersaInfo, err error) {
	for _, name := range []string{"dst", "proto"} {
		if !c.Has(name) {
			return info, fmt.Errorf("%q needs %q: %s", c.Spec.Name, name, findOption(xfrmID, name).Doc)
		}
	}
	info.Id, info.Saddr, info.Family, err = xfrmEnds(c.Options())
	if err != nil {
		return info, err
	}
	switch ipsec := info.Id.Proto == unix.IPPROTO_ESP || info.Id.Proto == unix.IPPROTO_AH; {
	case ipsec && info.Id.Spi == 0:
		return info, fmt.Errorf(`a state of esp or ah needs "spi", which is not 0`)
	case !ipsec && info.Id.Proto != unix.IPPROTO_COMP && info.Id.Spi != 0:
		return info, fmt.Errorf(`"spi" is of esp, ah and comp alone`)
	}
	mode, _ := Opt[int64](c, "mode")
	seq, _ := Opt[int64](c, "seq")
	reqid, _ := Opt[int64](c, "reqid")
	info.Mode, info.Seq, info.Reqid = uint8(mode), nl.Swap32(uint32(seq)), uint32(reqid) // ip sends the number so, too
	info.Flags = uint8(flagsOf(c, "flag"))
	info.Lft = xfrmLifetime(c)
	return info, nil
}

// xfrmStateAttrs are the attributes of a state. What fits into the header goes
// there.
func xfrmStateAttrs(c *Call, info *nl.XfrmUsersaInfo) (attrs []nsexec.Attr, err error) {
	for _, a := range xfrmAlgorithms {
		g, ok := c.Option(a.name)
		if !ok {
			continue
		}
		data, err := a.encode(texts(g.Values))
		if err != nil {
			return nil, &ArgError{Arg: g.Arg, Msg: fmt.Sprintf("%q: %v", a.name, err)}
		}
		attrs = append(attrs, nsexec.Attr{Type: a.attr, Data: data})
	}
	if g, ok := c.Option("encap"); ok {
		data, err := encapTemplate(texts(g.Values))
		if err != nil {
			return nil, fmt.Errorf("%q: %w", "encap", err)
		}
		attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_ENCAP, Data: data})
	}
	attrs = append(attrs, markAttr(c)...)
	attrs = append(attrs, attr32Of(c, "if_id", nl.XFRMA_IF_ID)...)
	attrs = append(attrs, attr32Of(c, "tfcpad", nl.XFRMA_TFCPAD)...)
	if mark, ok := Opt[[2]uint32](c, "output-mark"); ok {
		attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_SET_MARK, Data: nl.Uint32Attr(mark[0])})
		if mark[1] != 1<<32-1 {
			attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_SET_MARK_MASK, Data: nl.Uint32Attr(mark[1])})
		}
	}
	if flags := flagsOf(c, "extra-flag"); flags != 0 {
		attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_SA_EXTRA_FLAGS, Data: nl.Uint32Attr(flags)})
	}
	if dir, ok := Opt[int64](c, "dir"); ok {
		attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_SA_DIR, Data: []byte{byte(dir)}})
	}
	if ip, ok := Opt[value.IP](c, "coa"); ok {
		addr := xfrmAddr(ip.Addr)
		attrs = append(attrs, nsexec.Attr{Type: nl.XFRMA_COADDR, Data: addr[:]})
	}
	replay, err := replayState(c, info)
	return append(attrs, replay...), err
}

// replayState is what a state knows of sequence numbers. Its window is in the
// header where it fits its bitmap there; where numbers are long or the window is
// large all is in one attribute.
func replayState(c *Call, info *nl.XfrmUsersaInfo) ([]nsexec.Attr, error) {
	const bits = 32
	window := optInt(c, "replay-window")
	seq, oseq := uint32(optInt(c, "replay-seq")), uint32(optInt(c, "replay-oseq"))
	if window > bits || info.Flags&nl.XFRM_STATE_ESN != 0 {
		words := uint32(window+bits-1) / bits
		esn := nl.XfrmReplayStateEsn{
			BmpLen: words, ReplayWindow: uint32(window), Bmp: make([]uint32, words), Seq: seq, OSeq: oseq,
			SeqHi: uint32(optInt(c, "replay-seq-hi")), OSeqHi: uint32(optInt(c, "replay-oseq-hi")),
		}
		return []nsexec.Attr{{Type: nl.XFRMA_REPLAY_ESN_VAL, Data: esn.Serialize()}}, nil
	}
	for _, name := range []string{"replay-seq-hi", "replay-oseq-hi"} {
		if c.Has(name) {
			return nil, fmt.Errorf(`%q needs "flag esn": the numbers have no upper half else`, name)
		}
	}
	info.ReplayWindow = uint8(window)
	if seq == 0 && oseq == 0 {
		return nil, nil
	}
	data := binary.NativeEndian.AppendUint32(nil, oseq) // struct xfrm_replay_state: the bitmap is last
	data = binary.NativeEndian.AppendUint32(data, seq)
	return []nsexec.Attr{{Type: nl.XFRMA_REPLAY_VAL, Data: binary.NativeEndian.AppendUint32(data, 0)}}, nil
}

// encode is struct xfrm_algo, xfrm_algo_auth or xfrm_algo_aead.
func (a algorithm) encode(vals []string) ([]byte, error) {
	const nameSize = 64
	switch {
	case len(vals) != a.values:
		return nil, fmt.Errorf("it takes %d values, %s; this has %d", a.values, a.doc, len(vals))
	case len(vals[0]) >= nameSize:
		return nil, fmt.Errorf("no algorithm has so long a name")
	}
	out := make([]byte, nameSize)
	copy(out, vals[0])
	var key []byte
	if a.values > 1 {
		var err error
		if key, err = xfrmKey(vals[1]); err != nil {
			return nil, err
		}
	}
	out = binary.NativeEndian.AppendUint32(out, uint32(len(key)*8))
	if a.values > 2 {
		n, err := strconv.ParseUint(vals[2], 0, 32)
		if err != nil || n%8 != 0 {
			return nil, fmt.Errorf("%q is no number of bits, as 96 or 128 is", vals[2])
		}
		out = binary.NativeEndian.AppendUint32(out, uint32(n))
	}
	return append(out, key...), nil
}

// encapTemplate is struct xfrm_encap_tmpl.
func encapTemplate(vals []string) ([]byte, error) {
	if len(vals) != 4 {
		return nil, fmt.Errorf("it takes espinudp, espinudp-nonike or espintcp, two ports and an address; this has %d values", len(vals))
	}
	kind, ok := map[string]uint16{"espinudp-nonike": 1, "espinudp": 2, "espintcp": 7}[vals[0]]
	if !ok {
		return nil, fmt.Errorf("%q is none of espinudp, espinudp-nonike, espintcp", vals[0])
	}
	out := binary.NativeEndian.AppendUint16(nil, kind)
	for _, s := range vals[1:3] {
		port, err := strconv.ParseUint(s, 0, 16)
		if err != nil {
			return nil, fmt.Errorf("%q is no port", s)
		}
		out = binary.BigEndian.AppendUint16(out, uint16(port))
	}
	ip, err := value.ParseIP(vals[3])
	if err != nil {
		return nil, err
	}
	addr := xfrmAddr(ip.Addr)
	return append(append(out, 0, 0), addr[:]...), nil
}
