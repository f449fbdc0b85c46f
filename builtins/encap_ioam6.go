//go:build linux

package builtins

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Attributes of linux/ioam6_iptunnel.h, and its IOAM6_IPTUNNEL_MODE_*.
const (
	ioam6Mode  = 1
	ioam6Dst   = 2
	ioam6Trace = 3
	ioam6FreqK = 4
	ioam6FreqN = 5

	ioam6Inline = 1
)

// ioam6Options are those of `encap ioam6`.
var ioam6Options = []kindOption{
	{name: "freq", typ: ofText("K/N", parseFreq), doc: "only K of N packets; 1/1 unless said otherwise"},
	{name: "mode", typ: oneOf(word{"inline", ioam6Inline}, word{"encap", 2}, word{"auto", 3}), doc: "inline, which it is unless said otherwise: in the packets' own header; encap: in one around them; auto: the former for packets from here"},
	{name: "tundst", typ: ip6Type, doc: "of encap and auto: where the outer header goes to"},
}

// ioam6TraceOption is how a trace of in-situ OAM is, struct ioam6_trace_hdr of
// linux/ioam6.h.
var ioam6TraceOption = Option{Name: "trace", Doc: "the trace that packets collect", Options: []Option{
	{Name: "prealloc", Doc: "with the place for it from the start, which is the only way"},
	{Name: "type", Type: numberWord(1<<24 - 1), Doc: "which data each node adds, a bit each, as 0xc00000"},
	{Name: "ns", Type: word16, Doc: "the ioam namespace"},
	{Name: "size", Type: number(4, ioam6MostData), Doc: "how many bytes of data there are in all, a multiple of 4"},
}}

const ioam6MostData = 244 // IOAM6_TRACE_DATA_SIZE_MAX

// parseFreq reads how many of how many packets.
func parseFreq(s string) ([2]uint32, error) {
	const most = 1000000 // IOAM6_IPTUNNEL_FREQ_MAX
	first, second, ok := strings.Cut(s, "/")
	k, err1 := strconv.ParseUint(first, 10, 32)
	n, err2 := strconv.ParseUint(second, 10, 32)
	if !ok || errors.Join(err1, err2) != nil || k < 1 || k > n || n > most {
		return [2]uint32{}, fmt.Errorf("%q is no K/N with 1 <= K <= N <= %d, as 1/10 is", s, most)
	}
	return [2]uint32{uint32(k), uint32(n)}, nil
}

// ioam6Encap is what is not one attribute of an option.
func ioam6Encap(given []Given, e *nsexec.Encap) error {
	freq, ok := GivenAs[[2]uint32](given, "freq")
	if !ok {
		freq = [2]uint32{1, 1}
	}
	mode, ok := GivenAs[int64](given, "mode")
	if !ok {
		mode = ioam6Inline
	}
	e.Attrs = append(e.Attrs,
		nsexec.Attr{Type: ioam6FreqK, Data: nl.Uint32Attr(freq[0])},
		nsexec.Attr{Type: ioam6FreqN, Data: nl.Uint32Attr(freq[1])},
		nsexec.Attr{Type: ioam6Mode, Data: []byte{byte(mode)}})
	dst, hasDst := GivenAs[value.IP](given, "tundst")
	switch {
	case hasDst && mode == ioam6Inline:
		return errors.New(`mode inline has no outer header, so no "tundst"`)
	case !hasDst && mode != ioam6Inline:
		return errors.New(`mode encap and auto need "tundst": where the outer header goes to`)
	case hasDst:
		e.Attrs = append(e.Attrs, nsexec.Attr{Type: ioam6Dst, Data: dst.AsSlice()})
	}
	trace, err := traceHeader(given)
	e.Attrs = append(e.Attrs, nsexec.Attr{Type: ioam6Trace, Data: trace})
	return err
}

// traceHeader is struct ioam6_trace_hdr.
func traceHeader(given []Given) ([]byte, error) {
	g, ok := givenOption(given, "trace")
	if !ok {
		return nil, errors.New(`it needs "trace": the trace that packets collect`)
	}
	for _, name := range []string{"prealloc", "type", "ns", "size"} {
		if _, ok := givenOption(g.Given, name); !ok {
			return nil, fmt.Errorf(`"trace" needs %q: %s`, name, findOption(ioam6TraceOption.Options, name).Doc)
		}
	}
	kinds, _ := GivenAs[int64](g.Given, "type")
	ns, _ := GivenAs[int64](g.Given, "ns")
	size, _ := GivenAs[int64](g.Given, "size")
	const unused = 0x000ffd // bits 12 to 21 and 23, from the left
	switch {
	case kinds == 0 || kinds&unused != 0:
		return nil, fmt.Errorf("%#06x is no type of a trace: its bits 12 to 21 and 23, from the left, stand for nothing", kinds)
	case size%4 != 0:
		return nil, fmt.Errorf("a trace's size is a multiple of 4, which %d is not", size)
	}
	out := binary.BigEndian.AppendUint16(nil, uint16(ns))
	out = append(out, 0, byte(size/4)) // the length of a node's data is the kernel's to say
	return binary.BigEndian.AppendUint32(out, uint32(kinds)<<8), nil
}
