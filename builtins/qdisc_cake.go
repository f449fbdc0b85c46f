//go:build linux

package builtins

// Attributes TCA_CAKE_* of linux/pkt_sched.h.
const (
	cakeBaseRate64 = 2
	cakeDiffserv   = 3
	cakeATM        = 4
	cakeFlowMode   = 5
	cakeOverhead   = 6
	cakeRTT        = 7
	cakeAutorate   = 9
	cakeMemory     = 10
	cakeNAT        = 11
	cakeRaw        = 12
	cakeWash       = 13
	cakeMPU        = 14
	cakeAckFilter  = 16
	cakeSplitGSO   = 17
	cakeFwmark     = 18
)

var cakeKind = tcKind{
	name: "cake", doc: "a shaper for a home's uplink (tc-cake(8))",
	options: append([]tcOption{
		{name: "bandwidth", typ: rateType, attr: cakeBaseRate64, enc: tcRate64, doc: "how much is sent"},
		{name: "rtt", typ: timeType, attr: cakeRTT, enc: tcMicros, doc: "the round trip to reckon with"},
		{name: "memlimit", typ: sizeType, attr: cakeMemory, enc: tcU32, doc: "the most bytes that wait"},
		{name: "overhead", typ: number(-64, 256), attr: cakeOverhead, enc: tcU32, doc: "the bytes that each packet counts in addition"},
		{name: "mpu", typ: number(0, 256), attr: cakeMPU, enc: tcU32, doc: "a smaller packet counts as this many bytes"},
		{name: "fwmark", typ: number(0, 1<<32-1), attr: cakeFwmark, enc: tcU32, doc: "the bits of a mark that choose the tin"},
	}, cakeFlags()...),
}

// cakeFlags are the options that are one word for a number.
func cakeFlags() []tcOption {
	var out []tcOption
	for _, f := range []struct {
		name string
		attr uint16
		n    uint32
		doc  string
	}{
		{"besteffort", cakeDiffserv, 3, "all packets alike"},
		{"precedence", cakeDiffserv, 4, "by the old precedence"},
		{"diffserv3", cakeDiffserv, 0, "three tins by DSCP"},
		{"diffserv4", cakeDiffserv, 1, "four tins by DSCP"},
		{"diffserv8", cakeDiffserv, 2, "eight tins by DSCP"},
		{"flowblind", cakeFlowMode, 0, "no flows"},
		{"srchost", cakeFlowMode, 1, "a flow for each source"},
		{"dsthost", cakeFlowMode, 2, "a flow for each destination"},
		{"hosts", cakeFlowMode, 3, "a flow for each pair of hosts"},
		{"dual-srchost", cakeFlowMode, 5, "fair between sources, then connections"},
		{"dual-dsthost", cakeFlowMode, 6, "fair between destinations, then connections"},
		{"triple-isolate", cakeFlowMode, 7, "fair between all hosts, then connections"},
		{"noatm", cakeATM, 0, "packets are not cut"},
		{"atm", cakeATM, 1, "packets are cut into ATM cells"},
		{"ptm", cakeATM, 2, "packets go over PTM"},
		{"raw", cakeRaw, 0, "count the bytes that the kernel counts"},
		{"autorate-ingress", cakeAutorate, 1, "guess the rate from what comes in"},
		{"nat", cakeNAT, 1, "know hosts behind NAT"},
		{"nonat", cakeNAT, 0, "know them not"},
		{"wash", cakeWash, 1, "clear DSCP"},
		{"nowash", cakeWash, 0, "keep DSCP"},
		{"split-gso", cakeSplitGSO, 1, "split large packets"},
		{"no-split-gso", cakeSplitGSO, 0, "keep them whole"},
		{"ack-filter", cakeAckFilter, 1, "drop needless ACKs"},
		{"ack-filter-aggressive", cakeAckFilter, 2, "drop even more of them"},
		{"no-ack-filter", cakeAckFilter, 0, "drop none"},
	} {
		out = append(out, tcOption{name: f.name, attr: f.attr, enc: tcFixed(f.n), doc: f.doc})
	}
	return out
}
