//go:build linux

package builtins

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/nescript/nescript/nsexec"
	"github.com/vishvananda/netlink/nl"
)

const actionDoc = "what is done with it; actions come last: drop, pass and the like, " +
	"mirred egress|ingress redirect|mirror dev LINK, police rate RATE burst SIZE, " +
	"goto chain N, vlan pop|push id N|modify id N|pop_eth|push_eth dst_mac MAC src_mac MAC, " +
	"mpls pop protocol P|push label N|modify|dec_ttl|mac_push, skbedit mark N, tunnel_key unset|set src_ip IP dst_ip IP [id N] [geneve_opts|vxlan_opts|erspan_opts OPTIONS], " +
	"nat ingress|egress OLD[/LEN] NEW, connmark [zone N], skbmod set dmac|smac|etype VALUE|swap mac|ecn, " +
	"pedit [ex] munge ip|ip6|tcp|udp|eth FIELD or offset N u8|u16|u32, then set|add|decrement|invert|clear|preserve [VALUE] [retain MASK], " +
	"csum ip4h|tcp|udp…, ct [commit] [force] [clear] [zone N] [mark N] [label HEX] [nat src|dst addr A[-B] [port A[-B]]]"

// controls are TC_ACT_* of linux/pkt_cls.h: what comes after an action.
var controls = map[string]int32{
	"continue": -1, "pass": 0, "ok": 0, "reclassify": 1, "drop": 2, "shot": 2, "pipe": 3, "stolen": 4, "trap": 8,
}

const (
	actReclassify = 1
	actPipe       = 3
	actStolen     = 4

	actGotoChain = 2 << 28   // TC_ACT_GOTO_CHAIN
	mostChain    = 1<<28 - 1 // TC_ACT_EXT_VAL_MASK
)

// actionReaders read the words of each action after its name.
var actionReaders = map[string]func(*actionWords) (nsexec.TrafficAction, error){
	"gact": readGact, "mirred": readMirred, "police": readPolice, "vlan": readVlan, "skbedit": readSkbedit, "tunnel_key": readTunnelKey,
	"pedit": readPedit, "csum": readCsum, "ct": readCt,
	"mpls": readMPLS, "nat": readNAT, "connmark": readConnmark, "skbmod": readSkbmod,
}

// isControl reports whether an action starts with a word of what comes after it,
// which makes it a gact.
func isControl(word string) bool {
	_, ok := controls[word]
	return ok || word == "goto"
}

// readAction reads the words of one action.
func readAction(words []string) (nsexec.TrafficAction, error) {
	w := &actionWords{rest: words}
	if isControl(words[0]) {
		w.rest = append([]string{"gact"}, words...)
	}
	name := w.next()
	read, ok := actionReaders[name]
	if !ok {
		return nsexec.TrafficAction{}, fmt.Errorf("%q is no action: drop, pass, %s", name, sortedNames(actionReaders))
	}
	a, err := read(w)
	switch {
	case err != nil:
		return a, fmt.Errorf("%s: %w", name, err)
	case w.err != nil:
		return a, fmt.Errorf("%s: %w", name, w.err)
	case len(w.rest) > 0:
		return a, fmt.Errorf("%s does not take %q", name, w.rest[0])
	}
	a.Kind = name
	return a, nil
}

// actionWords are the words of an action that are still to be read, and the
// first thing that was wrong.
type actionWords struct {
	rest []string
	err  error
}

func (w *actionWords) next() string {
	if len(w.rest) == 0 {
		return ""
	}
	word := w.rest[0]
	w.rest = w.rest[1:]
	return word
}

// is reports whether a word is the next.
func (w *actionWords) is(word string) bool { return len(w.rest) > 0 && w.rest[0] == word }

// control reads what comes after the action, if that is said.
func (w *actionWords) control(otherwise int32) int32 {
	if len(w.rest) == 0 {
		return otherwise
	}
	if w.is("goto") {
		w.next()
		w.oneOf("chain")
		return int32(actGotoChain | actionValue(w, upTo(mostChain)))
	}
	if n, ok := controls[w.rest[0]]; ok {
		w.next()
		return n
	}
	return otherwise
}

// oneOf reads one of some words and returns its place among them.
func (w *actionWords) oneOf(words ...string) int {
	word := w.next()
	for i, want := range words {
		if word == want {
			return i
		}
	}
	if w.err == nil {
		w.err = fmt.Errorf("%q is none of %s", word, strings.Join(words, ", "))
	}
	return 0
}

// actionValue reads the value of an option.
func actionValue[T any](w *actionWords, parse func(string) (T, error)) T {
	if len(w.rest) == 0 && w.err == nil {
		w.err = fmt.Errorf("the last word needs a value")
	}
	v, err := parse(w.next())
	if w.err == nil && err != nil {
		w.err = err
	}
	return v
}

func parseU32(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 0, 32)
	if err != nil {
		return 0, fmt.Errorf("%q is no number", s)
	}
	return uint32(n), nil
}

// upTo reads a number with a bound.
func upTo(most uint32) func(string) (uint32, error) {
	return func(s string) (uint32, error) {
		n, err := parseU32(s)
		if err == nil && n > most {
			err = fmt.Errorf("%s is more than %d", s, most)
		}
		return n, err
	}
}

// gen is struct tc_gen, and what follows it.
func gen(control int32, more ...uint32) []byte {
	return words(append([]uint32{0, 0, uint32(control), 0, 0}, more...)...)
}

func readGact(w *actionWords) (nsexec.TrafficAction, error) {
	if len(w.rest) == 0 {
		return nsexec.TrafficAction{}, fmt.Errorf("it needs drop, pass, pipe, continue, reclassify, stolen, trap or goto chain")
	}
	return nsexec.TrafficAction{Options: tcAttr(nl.TCA_GACT_PARMS, gen(w.control(0)))}, nil
}

func readMirred(w *actionWords) (nsexec.TrafficAction, error) {
	side := w.oneOf("egress", "ingress")
	how := w.oneOf("redirect", "mirror")
	w.oneOf("dev")
	link := actionValue(w, parseLocalLink)
	control := int32(actStolen)
	if how == 1 {
		control = actPipe
	}
	eaction := uint32(1 + 2*side + how) // TCA_EGRESS_REDIR and so on of linux/tc_act/tc_mirred.h
	const devAt = 4 + 5*4 + 4           // behind the attribute's header, tc_gen and eaction
	return nsexec.TrafficAction{
		Options: tcAttr(nl.TCA_MIRRED_PARMS, gen(w.control(control), eaction, 0)),
		Dev:     link.Link, DevAt: devAt,
	}, nil
}

func readSkbedit(w *actionWords) (nsexec.TrafficAction, error) {
	const skbeditFlags = 9 // TCA_SKBEDIT_FLAGS
	var flags uint64
	var more []byte
	add := func(attr uint16, data []byte) { more = append(more, tcAttr(attr, data)...) }
	for known := true; known && len(w.rest) > 0 && w.err == nil; {
		switch w.rest[0] {
		case "mark":
			w.next()
			m := actionValue(w, parseMaskedMark)
			add(nl.TCA_SKBEDIT_MARK, nl.Uint32Attr(uint32(m.value)))
			if m.mask != math.MaxUint32 {
				add(nl.TCA_SKBEDIT_MASK, nl.Uint32Attr(uint32(m.mask)))
			}
		case "priority":
			w.next()
			add(nl.TCA_SKBEDIT_PRIORITY, nl.Uint32Attr(actionValue(w, parseClassid)))
		case "queue_mapping":
			w.next()
			add(nl.TCA_SKBEDIT_QUEUE_MAPPING, nl.Uint16Attr(uint16(actionValue(w, upTo(65535)))))
		case "ptype":
			w.next()
			add(nl.TCA_SKBEDIT_PTYPE, nl.Uint16Attr(uint16(w.oneOf("host", "broadcast", "multicast", "otherhost"))))
		case "inheritdsfield":
			w.next()
			flags = 0x20 // SKBEDIT_F_INHERITDSFIELD
		default:
			known = false
		}
	}
	if flags != 0 {
		add(skbeditFlags, nl.Uint64Attr(flags))
	}
	if more == nil && w.err == nil {
		return nsexec.TrafficAction{}, fmt.Errorf("it needs mark, priority, queue_mapping, ptype or inheritdsfield")
	}
	return nsexec.TrafficAction{Options: append(tcAttr(nl.TCA_SKBEDIT_PARMS, gen(w.control(actPipe))), more...)}, nil
}
